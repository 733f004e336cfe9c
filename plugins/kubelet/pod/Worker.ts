/**
 * One Pod of this node: brings what is there to what shall be, again and again, and takes it all away when the Pod is to go.
 * Every step can be repeated; a worker that starts late finds what an earlier one left and goes on from there.
 */
import { Effect, Latch } from "effect"
import { isDeepStrictEqual } from "node:util"
import { keyOf } from "../../../kernel/resource/Kind.ts"
import { Pod } from "../../resources/contracts/core/v1.ts"
import type { Site } from "../Site.ts"
import * as Admission from "./Admission.ts"
import * as Ending from "./Ending.ts"
import * as Health from "./Health.ts"
import { look, statusOf } from "./Look.ts"
import * as Plan from "./Plan.ts"
import * as Resize from "./Resize.ts"
import * as Starting from "./Starting.ts"
import * as State from "./State.ts"
import * as StatusWriter from "./StatusWriter.ts"
import type { View } from "./View.ts"

export interface Worker {
  /** The Pod as the API has it now. */
  readonly update: (pod: Pod) => void
  /** The API has it no more. */
  readonly gone: () => void
  /** Something may have changed. */
  readonly poke: () => void
  readonly pod: () => Pod
}

/** Milliseconds that it may still run; undefined: as long as it likes. */
const timeLeft = ({ spec, status }: Pod, now: number) =>
  spec.activeDeadlineSeconds === undefined || status.startTime === undefined
    ? undefined
    : Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000 - now

const isFinal = ({ phase }: Pod["status"]) => phase === "Succeeded" || phase === "Failed"

/** Whether there is news in it: most changes of a Pod are the status that we wrote ourselves. */
const isNews = (before: Pod, { metadata, spec, status }: Pod) =>
  metadata.generation !== before.metadata.generation ||
  metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
  (spec.readinessGates ?? []).length > 0 ||
  (status.phase !== before.status.phase && isFinal(status)) ||
  !isDeepStrictEqual(
    [metadata.labels, metadata.annotations, spec],
    [before.metadata.labels, before.metadata.annotations, before.spec]
  )

/** Never fails: says what went wrong, and leaves some time before the next attempt. */
const again = <A, E, R>(what: string, { uid }: State.State, effect: Effect.Effect<A, E, R>) =>
  Effect.catchCause(effect, (cause) =>
    Effect.logWarning(what, cause).pipe(Effect.annotateLogs({ uid }), Effect.andThen(Effect.sleep("1 second")), Effect.as(0))
  )

/** `onEnd` is run when nothing of the Pod is left. One that is refused is never begun. */
export const make = Effect.fnUntraced(function* (
  pod: Pod,
  site: Site,
  onEnd: Effect.Effect<void>,
  refused?: Admission.Refusal
) {
  const decided = (pod: Pod) => (refused === undefined ? pod : Admission.refused(pod, refused))
  const state = State.make(decided(pod), site)
  if (refused !== undefined) yield* site.tell(pod, "Warning", refused.reason, refused.message)
  yield* Effect.addFinalizer(() => Effect.sync(() => site.allocations.delete(state.uid)))
  const writer = yield* StatusWriter.make(pod, site)
  /** Opened when there may be something to do. */
  const news = Latch.makeUnsafe(true)
  /** Opened when the Pod is to go, or sooner than before. */
  const ending = Latch.makeUnsafe()
  const health = yield* Health.make(state, () => news.openUnsafe())
  const publish = (view: View) => writer.publish(statusOf(state, view))

  const perform = Effect.fnUntraced(function* (view: View, action: Plan.Action) {
    if (action._tag === "StartSandbox") yield* Starting.sandbox(state, action)
    if (action._tag === "StartContainer") yield* Starting.container(state, view, action)
    if (action._tag === "UpdateContainer") yield* Resize.update(state, view, action)
    if (action._tag === "StopContainer") {
      const graceSeconds = action.graceSeconds ?? state.pod.spec.terminationGracePeriodSeconds
      yield* Ending.stopContainer(state, view, { ...action, graceSeconds })
    }
  })

  const actionsOf = (view: View) => {
    const until = state.held.get(State.sandboxKey) ?? 0
    return Plan.plan(view).map(
      (action): Plan.Action => (action._tag === "StartSandbox" && until > view.now ? { _tag: "Wait", until } : action)
    )
  }

  const overdue = Effect.fnUntraced(function* (view: View) {
    const message = "Pod was active on the node longer than the specified deadline"
    yield* site.tell(state.pod, "Normal", "DeadlineExceeded", message)
    yield* Ending.stopAll(state, view, state.pod.spec.terminationGracePeriodSeconds)
    const status = { ...state.pod.status, phase: "Failed", reason: "DeadlineExceeded", message }
    state.pod = { ...state.pod, status }
    yield* writer.write(statusOf(state, yield* look(state)))
  })

  /** Brings the Pod where it shall be. Returns how long nothing is to be done, if nothing calls before. */
  const sync = Effect.fn("Pod.sync")(function* () {
    for (;;) {
      yield* Resize.admit(state)
      const view = yield* look(state)
      yield* Resize.remember(state, view)
      yield* health.watch(view)
      yield* Resize.told(state, view)
      // Whoever gets its claims next must not hear that it is over before they have been taken back.
      if (Plan.isOver(view) && site.resourceClaims.holders().has(state.uid)) {
        yield* health.end
        if (yield* Ending.settle(state, view)) continue
        yield* site.resourceClaims.unprepare(state.uid)
      }
      yield* publish(view)
      if (Plan.isOver(view)) {
        yield* health.end
        if (yield* Ending.settle(state, view)) continue
        return Number.POSITIVE_INFINITY
      }
      const left = timeLeft(state.pod, view.now) ?? Number.POSITIVE_INFINITY
      if (left <= 0) {
        yield* overdue(view)
        continue
      }
      yield* Starting.refresh(state, view)
      const actions = actionsOf(view)
      const next = actions.find(({ _tag }) => _tag !== "Wait")
      if (next === undefined) {
        yield* Starting.showBackOff(state)
        yield* publish(view)
        const times = actions.flatMap((action) => (action._tag === "Wait" ? [action.until] : []))
        return Math.min(...times, Starting.refreshAt(state), Resize.dueAt(state, view), left + view.now) - view.now
      }
      yield* Effect.catchTags(perform(view, next), {
        // They have said what is missing, and when they are tried again.
        NotReady: () => Effect.void,
        Refusal: () => Effect.void,
        PodRefused: () => Effect.void,
        ClassMissing: () => Effect.void,
        NetworkUnsupported: () => Effect.void
      })
    }
  })

  const grace = () => state.pod.metadata.deletionGracePeriodSeconds ?? state.pod.spec.terminationGracePeriodSeconds

  /** Ends what runs, tells how it ended, takes everything away, and lets the API forget the Pod. */
  const terminate = Effect.fn("Pod.terminate")(function* () {
    yield* health.end
    const view = yield* look(state)
    yield* publish(view)
    yield* Ending.stopAll(state, view, grace())
    for (const { id, ready } of view.sandboxes) {
      if (ready) yield* site.runtime.stopPod({ pod: id, graceSeconds: Ending.minimumGrace })
    }
    yield* site.resourceClaims.unprepare(state.uid)
    if (!state.isGone) yield* writer.write(statusOf(state, yield* look(state)))
    yield* Ending.remove(state)
    if (state.isGone) return
    yield* Effect.catchTags(site.client.delete(Pod, keyOf(pod), { gracePeriodSeconds: 0, uid: state.uid }), {
      NotFound: () => Effect.void,
      Conflict: () => Effect.void
    })
  })

  const isEnding = () => state.isGone || state.pod.metadata.deletionTimestamp !== undefined

  const loop = Effect.gen(function* () {
    while (!isEnding()) {
      yield* Effect.raceFirst(news.await, ending.await)
      news.closeUnsafe()
      const pause = yield* Effect.raceFirst(again("a Pod is tried again", state, sync()), Effect.as(ending.await, 0))
      const due = pause === Number.POSITIVE_INFINITY ? Effect.never : Effect.sleep(Math.max(0, pause))
      yield* Effect.raceFirst(Effect.raceFirst(news.await, ending.await), due)
      news.openUnsafe()
    }
    for (let isDone = false; !isDone; ) {
      ending.closeUnsafe()
      const ended = again("a Pod is ended again", state, Effect.as(terminate(), 1))
      isDone = (yield* Effect.raceFirst(ended, Effect.as(ending.await, 0))) === 1
    }
    yield* onEnd
  })
  yield* Effect.forkScoped(loop)

  return {
    update: (next: Pod) => {
      const before = { pod: state.pod, grace: grace(), ending: isEnding() }
      state.pod = decided(next)
      if (isEnding() && (!before.ending || grace() < before.grace)) ending.openUnsafe()
      if (isNews(before.pod, state.pod)) news.openUnsafe()
    },
    gone: () => {
      if (!isEnding()) ending.openUnsafe()
      state.isGone = true
    },
    poke: () => news.openUnsafe(),
    pod: () => state.pod
  } satisfies Worker
})
