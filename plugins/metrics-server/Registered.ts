/** The objects by which API servers find this one: a Service without a selector, its endpoint, the APIService, and who may read. */
import { Effect, Option } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { equal } from "../../kernel/resource/JsonEqual.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import { APIService } from "../resources/contracts/apiregistration/v1.ts"
import { Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import { ClusterRole } from "../resources/contracts/rbac/v1.ts"
import * as Answers from "./Answers.ts"

export const service = { namespace: "kube-system", name: "metrics-server" }
export const host = `${service.name}.${service.namespace}.svc`
const labels = { "k8s-app": service.name }
const port = 443

/** A typed object as the JSON that it is. */
const plain = (value: object) => Object(value)

/** What we say of it is so; what others have added stays. */
const keep = Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft>(
  kind: Kind<A, D>,
  draft: D,
  differs: (found: A) => A | undefined
) {
  const client = yield* Client
  const { name = "", namespace = "" } = draft.metadata
  const found = Option.getOrUndefined(yield* client.find(kind, { namespace, name }))
  if (found === undefined) return yield* Effect.asVoid(client.create(kind, draft))
  const after = differs(found)
  if (after !== undefined) yield* client.update(kind, after)
})

const slice = (address: string, port: number) => ({
  addressType: address.includes(":") ? "IPv6" : "IPv4",
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [{ name: "https", port, protocol: "TCP" }]
})

/** One that somebody else has made for this group, such as for upstream's metrics-server, is left alone. */
export const isForeign = ({ spec }: APIService) =>
  spec.service !== undefined && (spec.service.name !== service.name || spec.service.namespace !== service.namespace)

export const register = Effect.fnUntraced(function* (at: { readonly address: string; readonly port: number }, ca: string) {
  yield* keep(
    Service,
    { metadata: { ...service, labels }, spec: { ports: [{ name: "https", port, protocol: "TCP", targetPort: port }] } },
    () => undefined
  )
  const ours = slice(at.address, at.port)
  const ofService = { ...labels, "kubernetes.io/service-name": service.name }
  yield* keep(EndpointSlice, { metadata: { ...service, labels: ofService }, ...ours }, (found) => {
    const [endpoint] = found.endpoints ?? []
    const isSame = endpoint?.addresses[0] === at.address && found.ports?.[0]?.port === at.port
    return isSame ? undefined : { ...found, ...ours }
  })
  const spec = {
    group: Answers.group,
    version: Answers.version,
    groupPriorityMinimum: 100,
    versionPriority: 100,
    caBundle: Buffer.from(ca).toString("base64"),
    service: { ...service, port }
  }
  const name = `${Answers.version}.${Answers.group}`
  yield* keep(APIService, { metadata: { name, labels }, spec }, (found) =>
    isForeign(found) || equal(plain(found.spec), plain(spec)) ? undefined : { ...found, spec }
  )
  const to = (role: string) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, "true"] as const
  const rules = [{ apiGroups: [Answers.group], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }]
  const roleLabels = { ...labels, ...Object.fromEntries(["admin", "edit", "view"].map(to)) }
  const metadata = { name: "system:aggregated-metrics-reader", labels: roleLabels }
  yield* keep(ClusterRole, { metadata, rules }, () => undefined)
})
