/** How controllers from outside run, in the server that leads: their queues are here, and end with the lead. */
import { Effect, FiberHandle, Layer, Scope, Stream, SubscriptionRef } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as PipelineClient from "../../../kernel/client/PipelineClient.ts"
import type { Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Tables } from "../../../kernel/table/Tables.ts"
import { type About, Attachments } from "../../packages/contracts/Attachments.ts"
import { userOf } from "../../packages/contracts/PluginUser.ts"
import { Reconciler } from "../contracts/Reconciler.ts"
import * as Bridge from "./Bridge.ts"

type Given = Pipeline | Tables | Kinds

/** Runs while the scope is open, with the kinds as they are at the time. */
const running = Effect.fnUntraced(function* (reconciler: Reconciler["Service"], { name }: About) {
  const kinds = yield* Kinds
  const described = yield* reconciler.describe()
  const client = yield* Effect.provide(Client, yield* Layer.build(PipelineClient.layer(userOf(name))))
  const found = () => Bridge.find(kinds, described)
  // What it may not see is said at once, as what keeps it from running.
  const all = found()
  if (all._tag === "Found") yield* Effect.scoped(Effect.forEach(all.kinds, (kind) => client.cache(kind, { indexes: {} })))
  else yield* Effect.logInfo(`the controller ${name} waits: ${all.why}`)
  const handle = yield* FiberHandle.make<void, unknown>()
  const run = (now: ReturnType<typeof found>) =>
    now._tag === "Found"
      ? FiberHandle.run(handle, Effect.scoped(Effect.andThen(Bridge.run(reconciler, described, now, client), Effect.never)))
      : FiberHandle.clear(handle)
  yield* SubscriptionRef.changes(kinds.generation).pipe(
    Stream.map(found),
    // Any other kind may come and go.
    Stream.changesWith(Bridge.same),
    Stream.runForEach(run),
    Effect.forkScoped
  )
})

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const context = yield* Effect.context<Given>()
    const lead = yield* Effect.scope
    yield* attachments.add({
      contract: Reconciler,
      attach: Effect.fnUntraced(function* (reconciler, about) {
        // It ends with what was attached, and with the lead, whichever is first.
        const own = yield* Scope.fork(lead)
        yield* Effect.addFinalizer((exit) => Scope.close(own, exit))
        yield* running(reconciler, about).pipe(Scope.provide(own), Effect.provideContext(context))
      })
    })
  })
)
