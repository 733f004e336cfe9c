/**
 * Publishes by whom servers of other groups know who asks: the authority of clients, and that of proxies with their headers, in the
 * ConfigMap kube-system/extension-apiserver-authentication. Source: "Configure the aggregation layer".
 */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Key } from "../../kernel/resource/Kind.ts"
import * as RequestHeader from "../apiserver/contracts/RequestHeader.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { ConfigMap, Namespace } from "../resources/contracts/core/v1.ts"

const key: Key = { namespace: "kube-system", name: "extension-apiserver-authentication" }

const dataOf = (clientCa: string, { ca, names }: RequestHeader.FrontProxy) => {
  const { extraPrefix, group, uid, username } = RequestHeader.headers
  const list = (...all: ReadonlyArray<string>) => JSON.stringify(all)
  return {
    "client-ca-file": clientCa,
    "requestheader-client-ca-file": ca,
    "requestheader-allowed-names": list(...names),
    "requestheader-extra-headers-prefix": list(extraPrefix),
    "requestheader-group-headers": list(group),
    "requestheader-uid-headers": list(uid),
    "requestheader-username-headers": list(username)
  }
}

export const run = Effect.fnUntraced(function* (clientCa: string, proxy: RequestHeader.FrontProxy) {
  const client = yield* Client
  const selection = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` }
  const maps = yield* client.cache(ConfigMap, { indexes: {}, selection })
  const namespaces = yield* client.cache(Namespace, {
    indexes: {},
    selection: { fieldSelector: `metadata.name=${key.namespace}` }
  })
  const data = dataOf(clientCa, proxy)

  const reconcile = Effect.fn("Published.reconcile")(function* () {
    if (namespaces.get({ namespace: "", name: key.namespace }) === undefined) return
    const map = maps.get(key)
    if (map === undefined) yield* client.create(ConfigMap, { metadata: key, data })
    else if (Object.entries(data).some(([name, value]) => map.data?.[name] !== value)) {
      yield* client.update(ConfigMap, { ...map, data: { ...map.data, ...data } })
    }
  })
  const one = Controllers.on(namespaces, () => [key])
  yield* Controllers.run({ name: "extension-apiserver-authentication", triggers: [one, Controllers.each(maps)], reconcile })
})
