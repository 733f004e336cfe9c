/** What is asked of a scheduling plugin about Pods that have got a node. */
import { Effect, Fiber, type Scope } from "effect"
import type { Plugin } from "../contracts/Framework.ts"
import type { Question, SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { wireRefusal } from "./Refusals.ts"
import { podOf } from "./Told.ts"
import type { World } from "./World.ts"

type Points = SchedulerPoints["Service"]
export type ServePlaced = Pick<Points, "reserve" | "unreserve" | "step" | "permit" | "preBind" | "bind" | "postBind">
type Step = Fiber.Fiber<void, Effect.Error<ReturnType<Points["step"]>>>

/** What may take longer than a call goes on between calls, by the uid of the Pod. */
const steps = (scope: Scope.Scope) => {
  const all = new Map<string, Map<string, Step>>()
  const forget = (uid: string, what: string) => {
    const own = all.get(uid)
    own?.delete(what)
    if (own?.size === 0) all.delete(uid)
  }
  return {
    /** Whether it is done in time. */
    go: Effect.fnUntraced(function* (
      uid: string,
      what: string,
      millis: number,
      step: () => Effect.Effect<void, Effect.Error<ReturnType<Points["step"]>>>
    ) {
      const own = all.get(uid) ?? new Map<string, Step>()
      const fiber = own.get(what) ?? (yield* Effect.forkIn(Effect.suspend(step), scope))
      all.set(uid, own.set(what, fiber))
      const exit = yield* Effect.timeoutOption(Fiber.await(fiber), millis)
      if (exit._tag === "None") return false
      forget(uid, what)
      yield* exit.value
      return true
    }),
    end: (uid: string) =>
      Effect.suspend(() => {
        const own = all.get(uid)?.values() ?? []
        all.delete(uid)
        return Fiber.interruptAll(own)
      })
  }
}

export const servePlaced = Effect.fnUntraced(function* (plugin: Plugin, { about, epoch, snapshot }: World) {
  const info = (pod: Question["pod"]) => snapshot.infoOf(podOf(pod))
  const { end, go } = steps(yield* Effect.scope)
  const served: ServePlaced = {
    reserve: (asked) =>
      Effect.map(about(asked), (pod) => {
        const node = snapshot.find(asked.node)
        const refusal =
          node === undefined
            ? { reasons: ["the node is gone"], isUnresolvable: false }
            : plugin.reserve?.(snapshot.infoOf(pod), node, snapshot)
        return { epoch, ...(refusal && { refusal: wireRefusal(refusal) }) }
      }),
    unreserve: ({ node, pod }) =>
      Effect.andThen(
        end(podOf(pod).metadata.uid),
        Effect.sync(() => plugin.unreserve?.(info(pod), node))
      ),
    step: ({ millis, node, pod, point }) =>
      go(podOf(pod).metadata.uid, `${point} ${node}`, millis, () => plugin[point]?.(info(pod), node) ?? Effect.void),
    permit: ({ node, pod }) => plugin.permit?.(info(pod), node) ?? Effect.void,
    preBind: ({ node, pod }) => plugin.preBind?.(info(pod), node) ?? Effect.void,
    bind: ({ node, pod }) => plugin.bind?.(info(pod), node) ?? Effect.succeed(false),
    postBind: ({ node, pod }) => plugin.postBind?.(info(pod), node) ?? Effect.void
  }
  return served
})
