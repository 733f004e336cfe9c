/** What is served, ordered as clients are told it: groups, their versions, resources and subresources. */
import { createHash } from "node:crypto"
import type * as Kind from "../../../kernel/resource/Kind.ts"
import { apiVersion } from "../../../kernel/resource/Kind.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Aggregated, Backend } from "../contracts/Backends.ts"
import { type GroupKind, ofSubresource, verbsOf } from "../objects/BodyKind.ts"

export interface Subresource extends GroupKind {
  readonly name: string
  readonly verbs: ReadonlyArray<string>
}
export interface Resource {
  readonly kind: Kind.Any
  readonly version: Kind.Version
  readonly verbs: ReadonlyArray<string>
  readonly subresources: ReadonlyArray<Subresource>
  /** Tells a client that stored objects may have changed their form. */
  readonly storageVersionHash: string | undefined
}
export interface GroupVersion {
  readonly version: string
  readonly resources: ReadonlyArray<Resource>
  /** Another server answers for it. */
  readonly backend?: Backend
}
export interface Group {
  readonly name: string
  readonly versions: readonly [GroupVersion, ...ReadonlyArray<GroupVersion>]
}

/** Which group a word without one means: earlier ones first. The upstream API server's order. */
const order = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io"
]
const rank = (group: string) => {
  const at = order.indexOf(group)
  return at < 0 ? order.length : at
}

const hash = (kind: Kind.Any) => {
  const { group, version } = kind.versions[0]
  const bytes = createHash("sha256").update(`${group}/${version}/${kind.kind}`).digest()
  return bytes.subarray(0, 8).toString("base64")
}

const resource = (kind: Kind.Any, version: Kind.Version): Resource => ({
  kind,
  version,
  verbs: [...kind.verbs].toSorted(),
  subresources: [...kind.subresources].toSorted().map((name) => ({
    group: version.group,
    version: version.version,
    kind: kind.kind,
    ...ofSubresource(kind.storage, name),
    name,
    verbs: verbsOf(name)
  })),
  storageVersionHash: kind.verbs.includes("list") ? hash(kind) : undefined
})

/** v2 before v1 before v1beta2 before v1beta1 before v1alpha1, and whatever else by name. Source: `version.CompareKubeAwareVersionStrings`. */
const age = (version: string): readonly [number, number, number] => {
  const [, major = "0", stage = "", minor = "0"] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? []
  return [stage === "" ? 2 : stage === "beta" ? 1 : 0, Number(major), Number(minor)]
}
const newestFirst = (a: string, b: string) => {
  const [left, right] = [age(a), age(b)]
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2] || (a < b ? -1 : 1)
}

const byName = (a: Resource, b: Resource) => (a.kind.plural < b.kind.plural ? -1 : 1)

/** Of groups whose APIServices are not there yet, in the order above. */
const priorityOf = ({ priorities }: Aggregated, name: string) => {
  const known = priorities.filter(({ group }) => group === name).map(({ groupPriority }) => groupPriority)
  if (known.length > 0) return Math.max(...known)
  return rank(name) < order.length ? 18_000 - 100 * rank(name) : 1000
}

/** As APIServices rank them; as upstream names versions where they do not. */
const sorted = ({ priorities }: Aggregated, group: string, versions: ReadonlyArray<GroupVersion>) => {
  const of = (version: string) =>
    priorities.find((one) => one.group === group && one.version === version)?.versionPriority ?? 0
  return versions.toSorted((a, b) => of(b.version) - of(a.version) || newestFirst(a.version, b.version))
}

const versionsOf = (resources: ReadonlyArray<Resource>): ReadonlyArray<GroupVersion> =>
  [...Map.groupBy(resources, ({ version }) => version.version)].map(([version, some]) => ({
    version,
    resources: some.toSorted(byName)
  }))

/** What this server serves, and what it leads to. */
export const groups = (kinds: Kinds["Service"], aggregated: Aggregated): ReadonlyArray<Group> => {
  const { backends } = aggregated
  const all = kinds.all().flatMap(({ kind }) =>
    kind.versions.flatMap((version) => {
      const found = kinds.find(version.group, version.version, kind.plural)
      return found?.version === version ? [resource(found.served.kind, version)] : []
    })
  )
  const byGroup = Map.groupBy(all, ({ version }) => version.group)
  const names = new Set([...byGroup.keys(), ...backends.map(({ group }) => group)])
  const groups = [...names].flatMap((name): ReadonlyArray<Group> => {
    const remote = backends.filter(({ group }) => group === name)
    const local = versionsOf(byGroup.get(name) ?? []).filter(({ version }) => !remote.some((one) => one.version === version))
    const led = remote.map((backend) => ({ version: backend.version, resources: [], backend }))
    const [first, ...others] = sorted(aggregated, name, [...local, ...led])
    return first === undefined ? [] : [{ name, versions: [first, ...others] }]
  })
  return groups.toSorted(
    (a, b) => priorityOf(aggregated, b.name) - priorityOf(aggregated, a.name) || (a.name < b.name ? -1 : 1)
  )
}

export const groupVersionOf = (group: string, version: string) => apiVersion({ group, version })
