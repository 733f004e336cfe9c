/** What a URL's path asks for. Source: API concepts, "Resource URIs"; `RequestInfo` of the upstream API server. */

/** A path below `/api/<version>/` or `/apis/<group>/<version>/`. What it does not name is empty. */
export interface ObjectPath {
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly name: string
  readonly subresource: string
  /** What follows the subresource: `proxy` takes any path. With its leading slash. */
  readonly rest: string
  /** The form of old: `/api/v1/watch/pods`. */
  readonly watch: boolean
}

/** Subresources of a Namespace itself; everything else below one is an object in it. */
const ofNamespaces = new Set(["status", "finalize"])

const decoded = (segment: string) => (segment.includes("%") ? decodeURIComponent(segment) : segment)

const within = (segments: ReadonlyArray<string>) => {
  const [first = "", second = "", third = ""] = segments
  const isNamespaced = first === "namespaces" && third !== "" && !ofNamespaces.has(third)
  const own = isNamespaced ? segments.slice(2) : segments
  const [resource = "", name = "", subresource = "", ...rest] = own
  return {
    namespace: isNamespaced ? second : resource === "namespaces" ? name : "",
    resource,
    name,
    subresource,
    rest: own.length > 3 ? `/${rest.join("/")}` : ""
  }
}

/** `undefined`: the path is none of objects. Throws URIError where an escape is broken. */
export const objects = (path: string): ObjectPath | undefined => {
  const isLegacy = path.startsWith("/api/")
  if (!isLegacy && !path.startsWith("/apis/")) return undefined
  // A slash that is escaped parts a path as any other, but for whom a proxy leads to.
  const isParted = /%2f/i.test(path) && !path.includes("/proxy")
  const segments = isParted ? decoded(path).split("/").slice(2) : path.split("/").slice(2).map(decoded)
  // A last slash means nothing, except behind `proxy`, where the path is somebody else's.
  if (segments.at(-1) === "" && !segments.includes("proxy")) segments.pop()
  const group = isLegacy ? "" : (segments.shift() ?? "")
  const [version = "", ...below] = segments
  const watch = below[0] === "watch" && below.length > 1
  if (below.length === 0 || below[0] === "") return undefined
  return { group, version, watch, ...within(watch ? below.slice(1) : below) }
}

/** `/as-of/<revision or time>` before a path: the cluster as it was. `path` is what follows. */
export const asOf = (path: string): { readonly moment: string; readonly path: string } | undefined => {
  if (!path.startsWith("/as-of/")) return undefined
  const [, moment, rest = "/"] = /^\/as-of\/([^/]+)(\/.*)?$/.exec(path) ?? []
  return moment === undefined ? undefined : { moment: decoded(moment), path: rest }
}

/** A group and version whose resources, or whose description, are asked for: `/apis/<group>/<version>`. */
export const versionOf = (path: string): { readonly group: string; readonly version: string } | undefined => {
  const [, group, version] = /^(?:\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)\/?$/.exec(path) ?? []
  return group === undefined || version === undefined ? undefined : { group, version }
}
