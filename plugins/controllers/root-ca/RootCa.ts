/** Publishes the authority that signed the API's certificate to every namespace: what Pods verify the API by. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import { ConfigMap, Namespace } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isEnding } from "../contracts/Writes.ts"

export interface Options {
  /** The certificate, or several, in PEM. */
  readonly ca: string
}

const name = "kube-root-ca.crt"
const annotations = {
  "kubernetes.io/description": "The authority by which Pods verify the certificate of this cluster's API."
}

const start = Effect.fnUntraced(function* ({ ca }: Options) {
  const client = yield* Client
  const selection = { fieldSelector: `metadata.name=${name}` }
  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const maps = yield* client.cache(ConfigMap, { indexes: {}, selection })
  const data = { "ca.crt": ca }

  const reconcile = Effect.fn("RootCa.reconcile")(function* ({ name: namespace }: Key) {
    const { deletionTimestamp } = namespaces.get({ namespace: "", name: namespace })?.metadata ?? { deletionTimestamp: "" }
    if (deletionTimestamp !== undefined) return
    const map = maps.get({ namespace, name })
    const draft = { metadata: { name, namespace, annotations }, data }
    if (map === undefined) {
      yield* client.create(ConfigMap, draft).pipe(Effect.catchIf(isEnding, () => Effect.void))
    } else if (map.data?.["ca.crt"] !== ca || Object.keys(map.data).length > 1) {
      yield* client.update(ConfigMap, { ...map, data })
    }
  })

  const ofNamespace = Controllers.on(maps, ({ metadata }) => [{ namespace: "", name: metadata.namespace ?? "" }])
  yield* Controllers.run({
    name: "root-ca-certificate-publisher",
    triggers: [Controllers.each(namespaces), ofNamespace],
    reconcile
  })
})

export const plugin = (options: Options) => Controllers.plugin("root-ca-certificate-publisher", start(options))
