/**
 * A node agent reads the Secrets and ConfigMaps that its own Pods refer to, one by one, and no others: who takes over a node has
 * that node's secrets, and not the cluster's. All else is decided by roles. Source: "Using Node Authorization".
 */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Authorizer } from "../../kernel/pipeline/Policy.ts"
import { nodeOf } from "../authentication/contracts/NodeUser.ts"
import { Pod, type PodSpec } from "../resources/contracts/core/v1.ts"

const guarded = new Set(["secrets", "configmaps"])

/** What the containers take their environment from. */
const fromEnvironment = ({ containers, ephemeralContainers = [], initContainers = [] }: PodSpec) =>
  [...containers, ...initContainers, ...ephemeralContainers].flatMap(({ env = [], envFrom = [] }) => [
    ...env.flatMap(({ valueFrom }) => [
      ["secrets", valueFrom?.secretKeyRef?.name],
      ["configmaps", valueFrom?.configMapKeyRef?.name]
    ]),
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [
      ["secrets", secretRef?.name],
      ["configmaps", configMapRef?.name]
    ])
  ])

const fromVolumes = ({ volumes = [] }: PodSpec) =>
  volumes.flatMap(({ configMap, csi, projected, secret }) => [
    ["secrets", secret?.secretName],
    ["configmaps", configMap?.name],
    ["secrets", csi?.nodePublishSecretRef?.name],
    ...(projected?.sources ?? []).flatMap((source) => [
      ["secrets", source.secret?.name],
      ["configmaps", source.configMap?.name]
    ])
  ])

/** `secrets/<name>` and `configmaps/<name>`, in the Pod's namespace. */
export const references = (spec: PodSpec): ReadonlyArray<string> => [
  ...new Set(
    [
      ...fromEnvironment(spec),
      ...fromVolumes(spec),
      ...(spec.imagePullSecrets ?? []).map(({ name }) => ["secrets", name])
    ].flatMap(([resource, name]) => (name === undefined || name === "" ? [] : `${resource}/${name}`))
  )
]

const keyOf = (node: string, namespace: string, reference: string) => `${node}/${namespace}/${reference}`

export const make = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, {
    indexes: {
      reference: ({ metadata: { namespace = "" }, spec }) => {
        const { nodeName = "" } = spec
        return nodeName === "" ? [] : references(spec).map((one) => keyOf(nodeName, namespace, one))
      }
    }
  })

  const authorizer: Authorizer = ({ group, name, namespace, resource, user }) => {
    const node = nodeOf(user)
    if (node === undefined || group !== "" || !guarded.has(resource)) return { decision: "noOpinion" }
    if (name === "") return { decision: "deny", reason: "No Object name found" }
    if (pods.by("reference", keyOf(node, namespace, `${resource}/${name}`)).length > 0) return { decision: "noOpinion" }
    return { decision: "deny", reason: `no relationship found between node '${node}' and this object` }
  }
  return authorizer
})
