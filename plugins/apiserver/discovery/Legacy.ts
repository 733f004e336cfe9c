/** The documents of old, one a level: still asked for by `kubectl auth can-i`, `kubectl drain` and by older clients. */
import { type Group, type GroupVersion, groupVersionOf, type Resource } from "./Resources.ts"

const named = (group: string, { version }: GroupVersion) => ({ groupVersion: groupVersionOf(group, version), version })

export const versions = ({ versions }: Group, address: string) => ({
  kind: "APIVersions",
  versions: versions.map(({ version }) => version),
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }]
})

const inList = ({ name, versions }: Group) => ({
  name,
  versions: versions.map((version) => named(name, version)),
  preferredVersion: named(name, versions[0])
})

export const group = (one: Group) => ({ kind: "APIGroup", apiVersion: "v1", ...inList(one) })

export const groups = (all: ReadonlyArray<Group>) => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: all.map(inList)
})

const withSubresources = ({ kind, storageVersionHash, subresources, verbs, version }: Resource) => [
  {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(storageVersionHash !== undefined && { storageVersionHash })
  },
  ...subresources.map((one) => ({
    name: `${kind.plural}/${one.name}`,
    singularName: "",
    namespaced: kind.namespaced,
    ...((one.group !== version.group || one.version !== version.version) && { group: one.group, version: one.version }),
    kind: one.kind,
    verbs: one.verbs
  }))
]

export const resources = (group: string, version: GroupVersion) => ({
  kind: "APIResourceList",
  ...(group !== "" && { apiVersion: "v1" }),
  groupVersion: groupVersionOf(group, version.version),
  resources: version.resources.flatMap(withSubresources)
})
