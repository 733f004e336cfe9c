/** A plugin that needs the cluster, a contract of another plugin, and a setting: for the test of the thread it runs in. */
import { Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Text } from "../../kernel/resource/Field.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"

export class Names extends Contract.make<Names>()(
  "test/Names",
  { version: "1.0.0", laws: {} },
  Contract.method("next", { doc: "A name.", success: Text, errors: [] })
) {}

export class Maker extends Contract.make<Maker>()(
  "test/Maker",
  { version: "1.0.0", laws: {} },
  Contract.method("make", { doc: "Makes a ConfigMap, and says how many its cache shows.", success: Text, errors: [] }),
  Contract.method("die", { doc: "Says that it is dead.", errors: [] })
) {}

const make = (namespace: string) =>
  Effect.gen(function* () {
    const client = yield* Client
    const names = yield* Names
    const die = yield* Plugin.Lifeline
    const cache = yield* client.cache(ConfigMap, { indexes: {} })
    return {
      make: Effect.fnUntraced(function* () {
        const name = yield* names.next()
        yield* Effect.orDie(client.create(ConfigMap, { metadata: { name, namespace } }))
        return `${name}: ${cache.all().length}`
      }),
      die: () => Effect.asVoid(Effect.andThen(die("asked to"), Effect.never))
    }
  })

export const plugin = ({ namespace }: { readonly namespace: string }) =>
  Plugin.make({ name: "maker", offers: [Maker], needs: [Names], layer: Layer.effect(Maker, make(namespace)) })
