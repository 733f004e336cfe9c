/** All of a server's resources in two documents. Source: KEP-3352; apidiscovery.k8s.io/v2 and v2beta1, which look alike. */
import type { Group, GroupVersion, Resource } from "./Resources.ts"

const resource = ({ kind, subresources, verbs, version }: Resource) => ({
  resource: kind.plural,
  responseKind: { group: version.group, version: version.version, kind: kind.kind },
  scope: kind.namespaced ? "Namespaced" : "Cluster",
  singularResource: kind.singular,
  verbs,
  ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
  ...(kind.categories.length > 0 && { categories: kind.categories }),
  ...(subresources.length > 0 && {
    subresources: subresources.map(({ group, kind, name, verbs, version }) => ({
      subresource: name,
      responseKind: { group, version, kind },
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
