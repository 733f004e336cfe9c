/** The kinds that have a collection of their own, read from the paths of the description. */
import type { Description } from "./Description.ts"

export interface Collection {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespaced: boolean
  readonly verbs: ReadonlyArray<string>
  readonly subresources: ReadonlyArray<string>
}

const verbsOf: { readonly [action: string]: ReadonlyArray<string> } = {
  list: ["list", "watch"],
  get: ["get"],
  post: ["create"],
  put: ["update"],
  patch: ["patch"],
  delete: ["delete"],
  deletecollection: ["deletecollection"]
}

const syntax =
  /^(?<base>\/api\/v1|\/apis\/[^/]+\/[^/]+)(?<namespaced>\/namespaces\/\{namespace\})?\/(?<plural>[a-z]+)(?<named>\/\{name\})?(?:\/(?<subresource>[a-z]+))?(?:\/\{path\})?$/

const parse = (path: string) => {
  const { base, named, namespaced, plural, subresource } = syntax.exec(path)?.groups ?? {}
  if (base === undefined || plural === undefined) return undefined
  return { base, plural, isNamed: named !== undefined, isNamespaced: namespaced !== undefined, subresource }
}

/** By group, version and kind. */
export const collectionsOf = ({ paths }: Description): ReadonlyMap<string, Collection> => {
  const found = Object.entries(paths).flatMap(([path, methods]) => {
    const parsed = parse(path)
    return parsed === undefined ? [] : [{ ...parsed, methods }]
  })
  const subresourcesOf = ({ base, plural }: { readonly base: string; readonly plural: string }) =>
    found.filter((one) => one.base === base && one.plural === plural).flatMap(({ subresource = [] }) => subresource)

  const collections = new Map<string, Collection>()
  for (const one of found) {
    if (one.subresource !== undefined) continue
    // A list over all namespaces says nothing of where an object is.
    const isPlace = one.isNamed || "post" in one.methods
    for (const [action, group, version, kind] of Object.values(one.methods)) {
      const key = `${group}/${version}/${kind}`
      const before = collections.get(key)
      collections.set(key, {
        group,
        version,
        plural: before?.plural ?? one.plural,
        namespaced: (before?.namespaced ?? false) || (isPlace && one.isNamespaced),
        verbs: [...new Set([...(before?.verbs ?? []), ...(verbsOf[action] ?? [])])],
        subresources: before?.subresources ?? [...new Set(subresourcesOf(one))]
      })
    }
  }
  return collections
}
