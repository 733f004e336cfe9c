/** Attempts to place Pods: decide, reserve, bind beside the loop; or say why not, and look for a remedy. */
import { Cause, Clock, Effect, Fiber, FiberSet, Result, Semaphore } from "effect"
import type { Client } from "../../kernel/client/Client.ts"
import { keyOf } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { Pod } from "../resources/contracts/core/v1.ts"
import type * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { bind, permit } from "./Binding.ts"
import * as Conditions from "./Conditions.ts"
import type { Change } from "./contracts/Changes.ts"
import { Failed, Rejected } from "./contracts/Framework.ts"
import type { NodeInfo, PodInfo } from "./contracts/Nodes.ts"
import { Cycle, type Search, summary } from "./Cycle.ts"
import type { Extenders } from "./extenders/Extenders.ts"
import type * as Metrics from "./Metrics.ts"
import type { Nominated } from "./Nominated.ts"
import type { Profile } from "./Profile.ts"
import type { Profiles } from "./Profiles.ts"
import type { Queue, Waiting } from "./Queue.ts"
import type { Snapshot } from "./Snapshot.ts"

interface Own {
  readonly record: EventRecorder.Record
  readonly metrics: Effect.Success<ReturnType<typeof Metrics.make>>
}

interface Around {
  readonly client: Client["Service"]
  readonly now: () => number
  readonly pick: (count: number) => number
  readonly snapshot: Snapshot
  readonly nominated: Nominated
  readonly profiles: Profiles
  readonly queue: Queue
  readonly extenders: Extenders
  readonly own: ReadonlyMap<string, Own>
  /** The Pod as it was seen last, if it still waits. */
  readonly current: (uid: string) => Pod | undefined
  readonly forget: (uid: string) => void
  readonly happened: (change: Change) => void
  readonly isSameForUs: (a: Pod, b: Pod) => boolean
  readonly awake: () => void
}

/** How many binds are under way at most. */
const binds = 32

/** What an event may say at most. The condition says all. */
const noteLimit = 1024

/** An attempt at one Pod. */
interface Attempt extends Own {
  readonly tried: Waiting
  readonly profile: Profile
  /** In nanoseconds. */
  readonly began: bigint
}

/** Of what went wrong, its own words. */
const wordsOf = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** What went wrong in a plugin. */
const originOf = (cause: Cause.Cause<unknown>) => {
  const error = Cause.findErrorOption(cause)
  return error._tag === "Some" && error.value instanceof Failed && error.value.cause !== undefined
    ? Cause.fail(error.value.cause)
    : cause
}

const nobody: ReadonlySet<string> = new Set()

export const make = Effect.fnUntraced(function* (around: Around) {
  const { client, extenders, nominated, now, pick, profiles, queue, snapshot } = around
  const limit = yield* Semaphore.make(binds)
  const scope = yield* Effect.scope
  /** What was decided and is carried out. */
  const carrying = yield* FiberSet.make()
  /** Those of it that wait for a permit. */
  const asking = new Set<Fiber.Fiber<unknown, unknown>>()
  const clock = yield* Clock.Clock
  const nanos = () => clock.currentTimeNanosUnsafe()
  /** Milliseconds. */
  const since = (began: bigint) => Number(nanos() - began) / 1e6
  let turn = 0
  /** How many of the nodes that plugins in other isolates were last asked about they took. */
  let share = 1

  /** Refused by these plugins, or of late by none: then it is tried again soon. As it is now, if it has changed meanwhile. */
  const putBack = (tried: Waiting, by: ReadonlySet<string>) => {
    const { uid } = tried.pod.metadata
    const pod = around.current(uid)
    if (pod === undefined) return queue.done(uid)
    queue.failed({ ...tried, pod }, around.isSameForUs(pod, tried.pod) ? by : nobody, now())
    around.awake()
  }

  const say = Effect.fnUntraced(function* ({ record }: Own, pod: Pod, verdict: Conditions.Verdict) {
    const { message } = verdict
    const note = message.length > noteLimit ? `${message.slice(0, noteLimit - 4)} ...` : message
    yield* record({
      kind: Pod,
      object: pod,
      type: "Warning",
      reason: "FailedScheduling",
      message: note,
      action: "Scheduling"
    })
    const current = around.current(pod.metadata.uid)
    const patch = current && Conditions.patchOf(current, verdict, now())
    if (patch === undefined) return
    // Were it gone or changed by somebody else, the next attempt says it again.
    yield* Effect.ignore(client.patch(Pod, keyOf(pod), "strategic", patch, { subresource: "status" }))
  })

  const refuse = (attempt: Attempt, verdict: Conditions.Verdict) => say(attempt, attempt.tried.pod, verdict)

  const failed = Effect.fnUntraced(function* (attempt: Attempt, { pod }: PodInfo, cause: Cause.Cause<unknown>) {
    const { metrics, profile, tried } = attempt
    const error = Cause.findErrorOption(cause)
    const rejected = error._tag === "Some" && error.value instanceof Rejected ? error.value : undefined
    putBack(tried, rejected === undefined ? nobody : new Set([rejected.plugin]))
    metrics.ended(rejected === undefined ? "error" : "unschedulable", since(attempt.began))
    if (rejected !== undefined) return yield* refuse(attempt, { reason: "Unschedulable", message: rejected.message })
    if (around.current(pod.metadata.uid) !== undefined)
      yield* refuse(attempt, { reason: "SchedulerError", message: wordsOf(cause) })
    const log = Controllers.isOrdinary(originOf(cause)) ? Effect.logDebug : Effect.logWarning
    yield* log(`${pod.metadata.name} could not be scheduled by ${profile.name}`, cause)
  })

  const unreserve = ({ profile }: Attempt, info: PodInfo, node: string) => {
    for (const { unreserve } of profile.at("unreserve").toReversed()) unreserve(info, node)
    const { pod } = info
    snapshot.forget(info)
    // There is room again.
    around.happened({ kind: "Pod", actions: ["Delete"], before: { ...pod, spec: { ...pod.spec, nodeName: node } } })
  }

  /** Those that wait for a permit do not keep others from being bound, nor from being quiet. */
  const permitted = ({ metrics, profile }: Attempt, info: PodInfo, node: string) =>
    Effect.withFiber((fiber) => {
      asking.add(fiber)
      return Effect.ensuring(
        permit(profile, metrics, info, node),
        Effect.sync(() => asking.delete(fiber))
      )
    })
  const bindTo = (attempt: Attempt, info: PodInfo, node: string) => {
    const bound = limit.withPermit(bind(attempt.profile, attempt.metrics, info, node))
    return attempt.profile.at("permit").length === 0 ? bound : Effect.andThen(permitted(attempt, info, node), bound)
  }

  const carryOut = (attempt: Attempt, info: PodInfo, node: string) =>
    Effect.matchCauseEffect(bindTo(attempt, info, node), {
      onFailure: (cause) => {
        unreserve(attempt, info, node)
        return failed(attempt, info, cause)
      },
      onSuccess: () => {
        const { began, metrics, record, tried } = attempt
        const { name, namespace = "", uid } = info.pod.metadata
        around.forget(uid)
        queue.done(uid)
        metrics.ended("scheduled", since(began))
        metrics.placed(tried.attempts, now() - tried.first)
        const message = `Successfully assigned ${namespace}/${name} to ${node}`
        return record({ kind: Pod, object: info.pod, type: "Normal", reason: "Scheduled", message, action: "Binding" })
      }
    }).pipe(Effect.onInterrupt(() => Effect.sync(() => unreserve(attempt, info, node))))

  const place = (attempt: Attempt, info: PodInfo, node: NodeInfo) => {
    const { metrics, profile, tried } = attempt
    snapshot.assume(info, node.name)
    nominated.remove(info.pod.metadata.uid)
    const began = nanos()
    for (const { name, reserve } of profile.at("reserve")) {
      const refusal = reserve(info, node, snapshot)
      if (refusal === undefined) continue
      unreserve(attempt, info, node.name)
      putBack(tried, new Set([name]))
      metrics.ended("unschedulable", since(attempt.began))
      const message = `0/1 nodes are available: ${summary([refusal], undefined, 0)}.`
      return Effect.forkIn(refuse(attempt, { reason: "Unschedulable", message }), scope)
    }
    metrics.point("Reserve", "Success", nanos() - began)
    return FiberSet.run(carrying, carryOut(attempt, info, node.name), { startImmediately: false })
  }

  const together = { concurrency: "unbounded", discard: true } as const

  /** Plugins in other isolates, about nodes. */
  const ask = (profile: Profile, cycle: Cycle, nodes: ReadonlyArray<NodeInfo>) => {
    const one = ({ name, prepare }: (typeof profile.prepares)[number]) =>
      Effect.map(prepare(cycle.pod, snapshot, nodes), (refusal) => refusal && cycle.refuseAll(refusal, name))
    const [first, ...others] = profile.prepares
    if (first === undefined || nodes.length === 0) return Effect.void
    return others.length === 0 ? one(first) : Effect.forEach(profile.prepares, one, together)
  }

  /** The first remedy that promises room is taken. */
  const remedied = Effect.fnUntraced(function* ({ metrics, profile }: Attempt, cycle: Cycle) {
    const messages: Array<string> = []
    let nominate: string | undefined
    if (cycle.view.nodes.length === 0) return { messages, nominate: "", act: undefined }
    const began = nanos()
    for (const { postFilter } of profile.at("postFilter")) {
      const answer = postFilter(cycle.failure)
      const remedy = Effect.isEffect(answer) ? yield* answer : answer
      if (remedy.message !== undefined) messages.push(remedy.message)
      nominate ??= remedy.nominate
      if (remedy.nominate) {
        metrics.point("PostFilter", "Success", nanos() - began)
        return { messages: [], nominate: remedy.nominate, act: remedy.act }
      }
      if (remedy.isLast === true) break
    }
    metrics.point("PostFilter", "Unschedulable", nanos() - began)
    return { messages, nominate, act: undefined }
  })

  const giveUp = Effect.fnUntraced(function* (attempt: Attempt, cycle: Cycle) {
    if (cycle.error !== undefined) return yield* failed(attempt, cycle.pod, Cause.fail(new Failed({ message: cycle.error })))
    // Whether other Pods on a node would help is asked of others only if somebody looks for a remedy.
    const doubtful = attempt.profile.at("postFilter").length === 0 ? [] : cycle.doubtful
    const asked = yield* Effect.result(ask(attempt.profile, cycle, doubtful))
    if (Result.isFailure(asked)) return yield* failed(attempt, cycle.pod, Cause.fail(asked.failure))
    const { act, messages, nominate } = yield* remedied(attempt, cycle)
    if (nominate !== undefined) nominated.set(cycle.pod, nominate)
    putBack(attempt.tried, cycle.refusedBy.size === 0 ? new Set(["NodeName"]) : cycle.refusedBy)
    attempt.metrics.ended("unschedulable", since(attempt.began))
    const verdict: Conditions.Verdict = {
      reason: "Unschedulable",
      message: cycle.message(messages),
      ...(nominate !== undefined && { nominate })
    }
    const said = refuse(attempt, verdict)
    yield* Effect.forkIn(act === undefined ? said : Effect.all([act, said], { concurrency: 2, discard: true }), scope)
  })

  const looked = ({ evaluated }: Cycle) => {
    turn = (turn + evaluated) % Math.max(1, snapshot.nodes.length)
  }
  type Step = ReturnType<Search["next"]>

  /** The nodes that will do for plugins in other isolates, too. */
  const searched = Effect.fnUntraced(function* (profile: Profile, cycle: Cycle, search: Search, first: Step) {
    let step = first
    for (; step.done !== true; step = search.next()) yield* ask(profile, cycle, step.value)
    looked(cycle)
    share = cycle.share ?? share
    return step.value
  })

  /** What extenders and plugins in other isolates have to say, too. */
  const askAround = Effect.fnUntraced(function* ({ profile }: Attempt, cycle: Cycle, search: Search, first: Step) {
    const scored = (nodes: ReadonlyArray<NodeInfo>) =>
      Effect.forEach(profile.prepareScores, ({ prepareScore }) => prepareScore(cycle.pod, snapshot, nodes), together)
    const others = () => {
      const again = cycle.sifted(share)
      return searched(profile, cycle, again, again.next())
    }
    return yield* extenders.choose(cycle, yield* searched(profile, cycle, search, first), others, scored)
  })

  /** While others are asked time goes by: the Pod or the node may be gone after it. */
  const decideWith = Effect.fnUntraced(function* (attempt: Attempt, cycle: Cycle, search: Search, first: Step) {
    const { metrics, tried } = attempt
    const asked = yield* Effect.result(askAround(attempt, cycle, search, first))
    metrics.chosen(since(attempt.began))
    if (Result.isFailure(asked)) return yield* failed(attempt, cycle.pod, Cause.fail(asked.failure))
    const chosen = asked.success
    if (around.current(tried.pod.metadata.uid) === undefined) return queue.done(tried.pod.metadata.uid)
    if (chosen === undefined) return yield* giveUp(attempt, cycle)
    const node = snapshot.find(chosen.name)
    if (node === undefined || !cycle.fits(node)) return putBack(tried, nobody)
    yield* place(attempt, cycle.pod, node)
  })

  const decide = (tried: Waiting): Effect.Effect<unknown> => {
    const { pod } = tried
    const profile = profiles.of(pod)
    const own = around.own.get(pod.spec.schedulerName)
    if (profile === undefined || own === undefined) return Effect.sync(() => queue.done(pod.metadata.uid))
    const attempt = { ...own, tried, profile, began: nanos() }
    const info = snapshot.infoOf(pod)
    const took = own.metrics.point
    const cycle = new Cycle(info, profile, { view: snapshot, nominated, pick, start: turn, nanos, took })
    const search = cycle.search(share)
    const first = search.next()
    if (first.done !== true || profile.prepareScores.length > 0 || extenders.isAsked(pod))
      return decideWith(attempt, cycle, search, first)
    looked(cycle)
    const chosen = cycle.best(first.value)
    own.metrics.chosen(since(attempt.began))
    return chosen === undefined ? giveUp(attempt, cycle) : place(attempt, info, chosen)
  }

  /** A plugin that throws fails this one attempt. */
  const crashed = (tried: Waiting, cause: Cause.Cause<never>): Effect.Effect<unknown> => {
    const { pod } = tried
    const profile = profiles.of(pod)
    const own = around.own.get(pod.spec.schedulerName)
    if (Cause.hasInterruptsOnly(cause) || profile === undefined || own === undefined) return Effect.failCause(cause)
    const info = snapshot.infoOf(pod)
    snapshot.forget(info)
    return failed({ ...own, tried, profile, began: nanos() }, info, cause)
  }

  return {
    /** Done when nothing that was decided is under way. Who waits for a permit may do so for long, and is left to whoever decides next. */
    quiet: Effect.andThen(
      Effect.suspend(() => Fiber.interruptAll(asking)),
      FiberSet.awaitEmpty(carrying)
    ),
    run: (tried: Waiting) =>
      Effect.suspend(() => decide(tried)).pipe(
        Effect.catchCause((cause) => crashed(tried, cause)),
        Effect.withSpan("Scheduler.attempt")
      ),
    /** Of a Pod that nobody decides about yet: why not. */
    tell: (pod: Pod, message: string) => {
      const own = around.own.get(pod.spec.schedulerName)
      return own === undefined ? Effect.void : say(own, pod, { reason: "SchedulerError", message })
    },
    waiting: () => {
      for (const { metrics } of around.own.values()) metrics.waiting(queue.sizes())
    }
  }
})
