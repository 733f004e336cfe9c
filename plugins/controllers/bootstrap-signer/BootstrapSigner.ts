/** Keeps `cluster-info` signed by every bootstrap token that is for signing: who has one knows by it that this is his cluster. */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import * as BootstrapToken from "../../authentication/contracts/BootstrapToken.ts"
import * as ClusterInfo from "../../authentication/contracts/ClusterInfo.ts"
import { ConfigMap, Secret } from "../../resources/contracts/core/v1.ts"
import * as Controllers from "../contracts/Controllers.ts"

type Data = { readonly [key: string]: string }

/** The data with the signatures of these tokens and of no others. */
export const signed = (data: Data, tokens: ReadonlyArray<BootstrapToken.BootstrapToken>): Data => {
  const { kubeconfig } = data
  const rest = Object.entries(data).filter(([key]) => !key.startsWith(ClusterInfo.signaturePrefix))
  const signatures =
    kubeconfig === undefined
      ? []
      : tokens.map(({ id, secret }) => [`${ClusterInfo.signaturePrefix}${id}`, ClusterInfo.sign(kubeconfig, id, secret)])
  return Object.fromEntries([...rest, ...signatures])
}

const start = Effect.gen(function* () {
  const client = yield* Client
  const { key } = ClusterInfo
  const maps = yield* client.cache(ConfigMap, {
    indexes: {},
    selection: { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` }
  })
  const secrets = yield* client.cache(Secret, {
    indexes: {},
    selection: { namespace: BootstrapToken.namespace, fieldSelector: `type=${BootstrapToken.secretType}` }
  })

  const reconcile = Effect.fn("BootstrapSigner.reconcile")(function* () {
    const map = maps.get(key)
    if (map === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    const tokens = secrets
      .all()
      .flatMap((secret) => BootstrapToken.of(secret) ?? [])
      .filter((token) => token.usages.includes("signing") && !BootstrapToken.isExpired(token, now))
    const data = signed(map.data ?? {}, tokens)
    if (!equal(data, map.data ?? {})) yield* client.update(ConfigMap, { ...map, data })
    const next = Math.min(...tokens.map(({ expires = Number.POSITIVE_INFINITY }) => expires))
    return Number.isFinite(next) ? Controllers.again(next - now) : Controllers.done
  })
  yield* Controllers.run({
    name: "bootstrap-signer",
    triggers: [Controllers.on(maps, () => [key]), Controllers.on(secrets, () => [key])],
    reconcile
  })
})

export const plugin = Controllers.plugin("bootstrap-signer", start)
