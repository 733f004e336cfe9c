/** Every namespace has a ServiceAccount `default`, which its Pods run as when they name none. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { Namespace, ServiceAccount } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isEnding } from "../contracts/Writes.ts"

const name = "default"

const start = Effect.gen(function* () {
  const client = yield* Client
  const selection = { fieldSelector: `metadata.name=${name}` }
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const accounts = yield* client.cache(ServiceAccount, { indexes: {}, selection })

  const reconcile = Effect.fn("ServiceAccount.reconcile")(function* (key: Key) {
    const namespace = namespaces.get(key)
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return
    if (accounts.get({ namespace: key.name, name }) !== undefined) return
    yield* client
      .create(ServiceAccount, { metadata: { name, namespace: key.name } })
      .pipe(Effect.catchIf(isEnding, () => Effect.void))
  })

  const ofNamespace = Controllers.on(accounts, ({ metadata }) => [{ namespace: "", name: metadata.namespace ?? "" }])
  yield* Controllers.run({ name: "serviceaccount", triggers: [Controllers.each(namespaces), ofNamespace], reconcile })
})

export const plugin = Controllers.plugin("serviceaccount", start)
