/**
 * Custom resources: follows the definitions in the server's own tables, and serves each as a kind from when it is established
 * until it is gone. Every process that has a door runs it.
 */
import { Deferred, Effect, Exit, Layer, Scope, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { Tables } from "../../kernel/table/Tables.ts"
import type { Event } from "../../kernel/table/Table.ts"
import { CustomResourceDefinition } from "../resources/contracts/apiextensions/v1.ts"
import { ServiceClient } from "../apiserver/contracts/ServiceClient.ts"
import * as ConversionWebhook from "./ConversionWebhook.ts"
import * as Definition from "./Definition.ts"
import * as Stored from "./Stored.ts"

interface Serving {
  readonly digest: string
  readonly scope: Scope.Closeable
}

const serve = Effect.gen(function* () {
  const kinds = yield* Kinds
  const tables = yield* Tables
  const client = yield* Client
  const webhook = ConversionWebhook.make(yield* ServiceClient)
  const served = new Map<string, Serving>()

  const stop = (name: string) =>
    Effect.suspend(() => {
      const before = served.get(name)
      served.delete(name)
      return before === undefined ? Effect.void : Scope.close(before.scope, Exit.void)
    })

  const apply = Effect.fnUntraced(function* (crd: CustomResourceDefinition) {
    const { name } = crd.metadata
    const definition = Definition.of(crd, webhook)
    if (definition === undefined) return yield* stop(name)
    const before = served.get(name)
    if (before?.digest === definition.digest) return
    tables.of(definition.kind).rules.reader = Stored.reader(crd, definition.kind)
    const scope = yield* Scope.make()
    yield* Scope.provide(
      kinds.add(definition.kind, definition.views.get(definition.kind.versions[0].version)?.strategy, definition.views),
      scope
    )
    served.set(name, { digest: definition.digest, scope })
    if (before !== undefined) yield* Scope.close(before.scope, Exit.void)
  })

  const onEvent = Effect.fnUntraced(function* (event: Event<CustomResourceDefinition>) {
    if (event._tag === "Applied") return yield* apply(event.object)
    if (event._tag === "Deleted") return yield* stop(event.object.metadata.name)
    const names = new Set(event.objects.map(({ metadata }) => metadata.name))
    yield* Effect.forEach(
      [...served.keys()].filter((name) => !names.has(name)),
      stop,
      { discard: true }
    )
    yield* Effect.forEach(event.objects, apply, { discard: true })
  })

  yield* Effect.addFinalizer(() => Effect.forEach([...served.keys()], stop, { discard: true }))
  const ready = yield* Deferred.make<void>()
  yield* client.watch(CustomResourceDefinition).pipe(
    Stream.runForEach(({ events }) =>
      Effect.andThen(Effect.forEach(events, onEvent, { discard: true }), Deferred.succeed(ready, undefined))
    ),
    Plugin.background
  )
  // The door opens when all are served that were served before.
  yield* Deferred.await(ready)
})

export const plugin = Plugin.make({ name: "custom-resources", layer: Layer.effectDiscard(serve) })
