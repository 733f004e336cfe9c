/**
 * What runs whole Pods somewhere else: a cloud's container service, or nothing at all. A virtual node stands for it in the cluster; it is
 * given Pods, and says how they are. It has no machine that anybody else could look into.
 */
import { Schema } from "effect"
import { WireObject } from "../../../kernel/client/Api.ts"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Int, Literals, String: Text, Struct, optionalKey } = Schema

/** It will not run the Pod, now or later. The Pod fails with these. */
export class PodRefused extends Schema.TaggedError<PodRefused>()("PodRefused", { reason: Text, message: Text }) {}

export const ContainerState = Struct({
  name: Text,
  state: Literals(["waiting", "running", "terminated"]),
  reason: optionalKey(Text),
  message: optionalKey(Text),
  /** RFC 3339 times. */
  startedAt: optionalKey(Text),
  finishedAt: optionalKey(Text),
  exitCode: optionalKey(Int),
  restarts: Int
})
export type ContainerState = typeof ContainerState.Type

export const PodState = Struct({
  uid: Text,
  namespace: Text,
  name: Text,
  node: Text,
  phase: Literals(["Pending", "Running", "Succeeded", "Failed"]),
  reason: optionalKey(Text),
  message: optionalKey(Text),
  ip: optionalKey(Text),
  startedAt: optionalKey(Text),
  containers: List(ContainerState)
})
export type PodState = typeof PodState.Type

/** Without a Pod: it is gone. */
export const Change = Struct({ uid: Text, pod: optionalKey(PodState) })
export type Change = typeof Change.Type

export class ContainerService extends Contract.make<ContainerService>()(
  "virtual-node/ContainerService",
  {
    version: "1.0.0",
    laws: {
      "describe/size": "A node of it has room for Pods, processors and memory, in Kubernetes' quantities.",
      "run/runs": "A Pod that is run comes to run, with an address and a state for each of its containers.",
      "run/again": "A Pod that is run again is there once: the answer before may have been lost.",
      "stop/gone": "A Pod that is stopped is told of as gone, and is not there any more.",
      "stop/absent": "To stop what is not there is no failure.",
      "changes/first": "Who follows is told of every Pod that there is, also by whom it was not run."
    }
  },
  Contract.method("describe", {
    doc: "What it is called, and how much a node of it can run. Quantities as in a Node's capacity.",
    success: Struct({ name: Text, version: Text, cpu: Text, memory: Text, pods: Int, architecture: Text }),
    errors: []
  }),
  Contract.method("run", {
    doc: "Begins to run a Pod, known by its uid, on a node of the name in its spec. What becomes of it `changes` tells.",
    payload: { pod: WireObject },
    errors: [PodRefused]
  }),
  Contract.method("stop", {
    doc: "Ends a Pod and removes it. Its processes get so much time to end by themselves.",
    payload: { uid: Text, gracePeriodSeconds: Int },
    errors: []
  }),
  Contract.method("changes", {
    doc: "Every Pod there is, and from then on each that changes or is gone.",
    success: Change,
    stream: true,
    errors: []
  })
) {}
