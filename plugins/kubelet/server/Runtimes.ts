/** `GET /runtimes`: the runtimes of this node, which of them serves Pods without a class, and what each has now, whoever started it. */
import { Effect, Schema } from "effect"
import * as Handlers from "../node/Handlers.ts"
import type { Site } from "../Site.ts"
import * as Answers from "./Answers.ts"

const { Array: List, Boolean: Bool, Int, String: Text, Struct } = Schema

export const Report = Struct({
  /** A handler: that of Pods without a class. */
  default: Text,
  /** `runtime`: its name in ids of containers. */
  handlers: List(Struct({ name: Text, runtime: Text })),
  sandboxes: List(
    Struct({ runtime: Text, uid: Text, namespace: Text, name: Text, attempt: Int, ready: Bool, containers: Int })
  )
})
export type Report = typeof Report.Type

export const report = Effect.fnUntraced(
  function* ({ ownNode, runtime }: Pick<Site, "ownNode" | "runtime">) {
    const about = yield* runtime.describe()
    const pods = yield* runtime.list({})
    const answer: Report = {
      default: Handlers.chosen(ownNode()),
      handlers: about.handlers.map(({ name, runtime }) => ({ name, runtime: runtime?.name ?? about.name })),
      sandboxes: pods.map(({ attempt, containers, name, namespace, ready, runtime, uid }) => ({
        runtime: runtime ?? about.name,
        uid,
        namespace,
        name,
        attempt,
        ready,
        containers: containers.length
      }))
    }
    return answer
  },
  Effect.catch(({ message }) => Answers.refused(503, message))
)
