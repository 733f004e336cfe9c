/** All of a server's resources in two documents. Source: KEP-3352; apidiscovery.k8s.io/v2 and v2beta1, which look alike. */
import type { GroupKind } from "../objects/BodyKind.ts"
import type { Group, GroupVersion, Resource } from "./Resources.ts"

/** What is of the group and version in which it stands does not say so again. */
const kindIn = (within: { readonly group: string; readonly version: string }, { group, kind, version }: GroupKind) =>
  group === within.group && version === within.version ? { group: "", version: "", kind } : { group, version, kind }

const resource = ({ kind, subresources, verbs, version }: Resource) => ({
  resource: kind.plural,
  responseKind: { group: "", version: "", kind: kind.kind },
  scope: kind.namespaced ? "Namespaced" : "Cluster",
  singularResource: kind.singular,
  verbs,
  ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
  ...(kind.categories.length > 0 && { categories: kind.categories }),
  ...(subresources.length > 0 && {
    subresources: subresources.map(({ name, verbs, ...its }) => ({
      subresource: name,
      responseKind: kindIn(version, its),
      verbs
    }))
  })
})

/** Of a backend that does not answer, what it said last. */
const versionOf = ({ backend, resources, version }: GroupVersion) => ({
  version,
  resources: backend === undefined ? resources.map(resource) : (backend.discovered?.resources ?? []),
  freshness: backend === undefined || (backend.isAvailable && backend.discovered !== undefined) ? "Current" : "Stale"
})

/** `/api` has the group without a name, `/apis` the others. */
export const document = (groups: ReadonlyArray<Group>, version: "v2" | "v2beta1") => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: name === "" ? {} : { name },
    versions: versions.map(versionOf)
  }))
})
