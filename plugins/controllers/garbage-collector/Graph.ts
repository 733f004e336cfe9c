/** All objects of all kinds by uid, by key and by owner: a view over one cache for each kind. Plain synchronous code. */
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import { ownersOf } from "./References.ts"

export interface Item {
  readonly kind: Kind.Any
  readonly object: Kind.Resource
}

/** One key for objects of all kinds. A storage has no slash. */
export const keyOf = ({ kind, object }: Item): Kind.Key => {
  const { name, namespace } = Kind.keyOf(object)
  return { namespace, name: `${kind.storage}/${name}` }
}

export const indexes = {
  uid: ({ metadata }: Kind.Resource) => [metadata.uid],
  owner: (object: Kind.Resource) => ownersOf(object).map(({ uid }) => uid)
}

type Shelf = Cache<Kind.Resource, keyof typeof indexes>

export class Graph {
  private readonly shelves = new Map<string, { readonly kind: Kind.Any; readonly cache: Shelf }>()

  add(kind: Kind.Any, cache: Shelf) {
    this.shelves.set(kind.storage, { kind, cache })
  }
  remove({ storage }: Kind.Any) {
    this.shelves.delete(storage)
  }

  find({ name, namespace }: Kind.Key): Item | undefined {
    const at = name.indexOf("/")
    const shelf = this.shelves.get(name.slice(0, at))
    const object = shelf?.cache.get({ namespace, name: name.slice(at + 1) })
    return shelf === undefined || object === undefined ? undefined : { kind: shelf.kind, object }
  }

  byUid(uid: string): Item | undefined {
    for (const { cache, kind } of this.shelves.values()) {
      const [object] = cache.by("uid", uid)
      if (object !== undefined) return { kind, object }
    }
    return undefined
  }

  hasDependents(uid: string) {
    return this.shelves.values().some(({ cache }) => cache.count("owner", uid) > 0)
  }

  dependents(uid: string): ReadonlyArray<Item> {
    return [...this.shelves.values()].flatMap(({ cache, kind }) =>
      cache.by("owner", uid).map((object) => ({ kind, object }))
    )
  }
}

export const kindOf = (kinds: ReadonlyArray<Kind.Any>, { apiVersion, kind }: OwnerReference) =>
  kinds.find((one) => one.kind === kind && one.versions.some((version) => Kind.apiVersion(version) === apiVersion))
