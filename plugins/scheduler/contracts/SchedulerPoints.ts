/**
 * The points of the scheduling framework for a plugin in another isolate. The isolate follows nodes and Pods itself: a call carries the
 * generation of the scheduler's snapshot and comes back with a bitmap or scores for all nodes at once. Nodes go by numbers, which the
 * isolate gives them for as long as it lives (`epoch`).
 */
import { Schema } from "effect"
import { WireObject } from "../../../kernel/client/Api.ts"
import * as Errors from "../../../kernel/client/Errors.ts"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { Failed, Rejected } from "./Framework.ts"

const { Array: List, Boolean: Bool, Finite, Int, Literals, String: Text, Struct, optionalKey } = Schema

/** It does not know what it was told before, because it has begun anew: all has to be told again. */
export class Restarted extends Schema.TaggedError<Restarted>()("Restarted", { epoch: Text }) {}
/** It has not seen by now what the scheduler decides by. */
export class Behind extends Schema.TaggedError<Behind>()("Behind", { message: Text }) {}

/** `isError`: something is wrong, whichever node it is. */
const refusal = { reasons: List(Text), isUnresolvable: Bool, isError: optionalKey(Bool) }
const Refusal = Struct(refusal)

/** What the scheduler decides by: the highest resourceVersions that it has seen. */
const Generation = Struct({ nodes: Int, pods: Int })

/** In the words of `Changes.ts`; what the scheduler does not know stands for any change. */
const Hint = Struct({ kind: Text, actions: List(Text) })

/** A Pod that is to be placed, and what the isolate cannot see for itself. */
export const Question = {
  pod: WireObject,
  generation: Generation,
  /** The nodes that are asked about, by number; without it all. */
  nodes: optionalKey(Contract.Bytes),
  /** `""`: nothing was told yet. */
  epoch: Text,
  /** Pods that were given a node a moment ago, which the API does not show yet; and those of them that did not get there. */
  assumed: List(Struct({ pod: WireObject, node: Text })),
  forgotten: List(WireObject)
}
const Asked = Struct(Question)
export type Question = typeof Asked.Type

export const Description = Struct({
  name: Text,
  /** What its scores count. */
  weight: Int,
  /** The points it has a say at. */
  points: List(
    Literals([
      ...(["preEnqueue", "queueSort", "filter", "postFilter", "score"] as const),
      ...(["reserve", "permit", "preBind", "bind", "postBind"] as const)
    ])
  ),
  hints: optionalKey(List(Hint)),
  /** `permit` and `preBind` may take longer than a call: they are asked for by `step`. */
  isPatient: optionalKey(Bool),
  /** It says by `again` what may be tried again. */
  isCalling: optionalKey(Bool),
  /**
   * What its filter says of a node, or that it has no say, and scores of which it says so, hold for all Pods of the same namespace with the same labels and spec until
   * the node or what is on it changes: it need not be asked again before.
   */
  isLasting: optionalKey(Bool),
  /** It has joined the scheduler of its own process by itself. */
  isLocal: Bool
})
export type Description = typeof Description.Type

/** Bit `n % 8` of byte `n / 8` stands for node number `n`. */
export const Filtered = Struct({
  /** It has no say about this Pod. */
  isSilent: Bool,
  /** No node will do. */
  whole: optionalKey(Refusal),
  /** The nodes that were asked about, and those of them that will not do. */
  asked: Contract.Bytes,
  refused: Contract.Bytes,
  /** Every refusal once, and for each refused node, by number, which it is: two bytes, little-endian. */
  refusals: List(Refusal),
  which: Contract.Bytes
})
export type Filtered = typeof Filtered.Type

/** A Pod that is about to wait in the queue; times in milliseconds. */
const Entering = Struct({ pod: WireObject, attempts: Int, since: Finite })

/** Which nodes were refused for a Pod, by whichever plugin, and why: none of them will do. */
const Refused = Struct({ ...refusal, nodes: List(Text) })

const refusals = [Rejected, Failed, ...Errors.all] as const
const placed = { pod: WireObject, node: Text }

export class SchedulerPoints extends Contract.make<SchedulerPoints>()(
  "scheduler/SchedulerPoints",
  {
    version: "1.3.0",
    // What came later stands in `points`, `isPatient`, `isCalling` and `isLasting` of who has it, and in `isLasting` of its scores.
    since: "1.0.0",
    laws: {
      "describe/points": "What it describes itself by is the same each time, and has a point.",
      "filter/all":
        "An answer has a bit for every node of the generation that it was asked by, or of those that were asked about.",
      "filter/same": "Of the same Pod on the same nodes it says the same.",
      "filter/lasting":
        "Who describes its word as lasting says the same of two Pods of one namespace that have the same labels and spec.",
      "filter/assumed": "What is assumed counts until it is forgotten: the answer is again what it was before.",
      "score/range": "A score is a number from 0 to 100 for each node that was asked about.",
      "score/lasting":
        "Scores that are said to last are no comparison: of a node by itself it says the same as of it among others.",
      "enqueue/all": "Of Pods that enter each is kept out for a reason, or has a place in the order if it makes one.",
      "enqueue/order": "Who comes later brings those that are there into no other order, and no two have one place.",
      "reserve/again": "What was reserved and given back can be reserved again.",
      "unreserve/unknown": "Giving back what was not reserved, or was given back already, does no harm.",
      "postFilter/same":
        "Whether there is a remedy for the same Pod on the same nodes, and on which node, it says the same.",
      "step/ends": "What is not done in time is said so by then, and ends when it is taken back.",
      "epoch/told": "Who names an epoch that is not the present one is told Restarted."
    }
  },
  Contract.method("describe", { doc: "What it is, and at which points it has a say.", success: Description, errors: [] }),
  Contract.method("nodes", {
    doc: "The names of the nodes by number, from `known` on; a number is never given twice.",
    payload: { generation: Generation, epoch: Text, known: Int },
    success: Struct({ epoch: Text, names: List(Text) }),
    errors: [Restarted, Behind]
  }),
  Contract.method("filter", {
    doc: "Which nodes will not do for a Pod, and why. Waits until it has seen the generation.",
    payload: Question,
    success: Struct({ epoch: Text, ...Filtered.fields }),
    errors: [Restarted, Behind]
  }),
  Contract.method("score", {
    doc: "How it likes these nodes (a bitmap) for a Pod: a byte each, from 0 to 100, in the order of their numbers. `isLasting`: they hold as its filter's word does.",
    payload: { ...Question, nodes: Contract.Bytes },
    success: Struct({ epoch: Text, isSilent: Bool, isLasting: optionalKey(Bool), scores: Contract.Bytes }),
    errors: [Restarted, Behind]
  }),
  Contract.method("permit", { doc: "May take its time, or refuse.", payload: placed, errors: refusals }),
  Contract.method("preBind", { doc: "What has to be done before.", payload: placed, errors: refusals }),
  Contract.method("bind", {
    doc: "Binds the Pod; `false`: the next plugin is asked.",
    payload: placed,
    success: Bool,
    errors: refusals
  }),
  Contract.method("postBind", { doc: "The Pod is bound.", payload: placed, errors: [] }),
  Contract.method("enqueue", {
    doc: "Who is kept out of the queue, and where the others stand in it: the smaller key comes first. Keys of others change with it.",
    payload: { epoch: Text, generation: Generation, pods: List(Entering), left: List(Text) },
    success: Struct({
      epoch: Text,
      kept: List(Struct({ uid: Text, ...refusal })),
      keys: List(Struct({ uid: Text, key: Finite }))
    }),
    errors: [Restarted, Behind]
  }),
  Contract.method("again", {
    doc: "The uids of Pods that it has refused and that may be tried again now; none: all of them.",
    success: List(Text),
    stream: true,
    errors: []
  }),
  Contract.method("postFilter", {
    doc: "Whether it can make room for a Pod that no node takes. What has to be done for it, it does by itself.",
    payload: {
      ...Question,
      isWhole: Bool,
      refused: List(Refused),
      nominated: List(Struct({ pod: WireObject, node: Text }))
    },
    success: Struct({ epoch: Text, nominate: optionalKey(Text), message: optionalKey(Text), isLast: optionalKey(Bool) }),
    errors: [Restarted, Behind]
  }),
  Contract.method("reserve", {
    doc: "The Pod is about to go to the node: keeps what it needs there for it, or refuses.",
    payload: { ...Question, node: Text },
    success: Struct({ epoch: Text, refusal: optionalKey(Refusal) }),
    errors: [Restarted, Behind]
  }),
  Contract.method("unreserve", {
    doc: "The Pod does not go there. Ends what `step` has begun for it, too.",
    payload: placed,
    errors: []
  }),
  Contract.method("step", {
    doc: "Begins `permit` or `preBind`, or asks how it goes: `false`, it is not done after so many milliseconds, and wants to be asked again.",
    payload: { ...placed, point: Literals(["permit", "preBind"]), millis: Int },
    success: Bool,
    errors: refusals
  })
) {}
