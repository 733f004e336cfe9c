/**
 * Publishes what a machine must know to join: `cluster-info` of kube-public for everybody, and `keelson-config` of kube-system for who
 * joins with a token.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as ClusterInfo from "../../authentication/contracts/ClusterInfo.ts"
import * as ClusterConfig from "../../cluster/contracts/ClusterConfig.ts"
import { kubeconfig } from "../../certificates/contracts/Kubeconfig.ts"
import { ConfigMap, Namespace } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { isEnding } from "../contracts/Writes.ts"

export interface Options {
  /** Where machines that join reach the API. */
  readonly server: string
  /** PEM: by which they know it. */
  readonly ca: string
  readonly config: ClusterConfig.ClusterConfig
}

type Data = { readonly [key: string]: string }

/** Of what was published last. Who changes it keeps his version. */
const published = "keelson.io/published"
const digest = (data: Data) =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(data).toSorted()))
    .digest("hex")
const isOurs = ({ data = {}, metadata }: ConfigMap, wanted: Data) => {
  const there = Object.fromEntries(Object.keys(wanted).map((name) => [name, data[name] ?? ""]))
  return metadata.annotations?.[published] === digest(there)
}

const start = Effect.fnUntraced(function* ({ ca, config, server }: Options) {
  const client = yield* Client
  const maps = [
    { key: ClusterInfo.key, data: { kubeconfig: kubeconfig({ server, ca, cluster: "" }) } },
    { key: ClusterConfig.key, data: ClusterConfig.encode(config) }
  ]
  const cacheOf = ({ name, namespace }: Key) =>
    client.cache(ConfigMap, { indexes: {}, selection: { namespace, fieldSelector: `metadata.name=${name}` } })
  const caches = yield* Effect.forEach(maps, ({ key }) => cacheOf(key))
  const namespaces = yield* client.cache(Namespace, { indexes: {} })

  const keep = Effect.fnUntraced(function* ({ key, data }: (typeof maps)[number], map: ConfigMap | undefined) {
    if (namespaces.get({ namespace: "", name: key.namespace }) === undefined) return
    const annotations = { [published]: digest(data) }
    if (map === undefined) {
      const draft = { metadata: { ...key, annotations }, data }
      yield* client.create(ConfigMap, draft).pipe(Effect.catchIf(isEnding, () => Effect.void))
    } else if (isOurs(map, data) && digest(data) !== map.metadata.annotations?.[published]) {
      const metadata = { ...map.metadata, annotations: { ...map.metadata.annotations, ...annotations } }
      yield* client.update(ConfigMap, { ...map, metadata, data: { ...map.data, ...data } })
    }
  })

  const reconcile = Effect.fn("ClusterInfo.reconcile")(function* ({ name, namespace }: Key) {
    for (const [index, one] of maps.entries()) {
      const isMeant = one.key.namespace === namespace && (name === "" || one.key.name === name)
      if (isMeant) yield* keep(one, caches[index]?.get(one.key))
    }
  })
  const ofNamespace = Controllers.on(namespaces, ({ metadata }) => [{ namespace: metadata.name, name: "" }])
  yield* Controllers.run({ name: "cluster-info", triggers: [ofNamespace, ...caches.map(Controllers.each)], reconcile })
})

export const plugin = (options: Options) => Controllers.plugin("cluster-info", start(options))
