/** What is gone without having been told: objects that a snapshot no longer has, because a watch was lost meanwhile. Plain synchronous code. */
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { Event } from "../../../kernel/table/Table.ts"
import { ownersOf } from "./References.ts"

/**
 * Follows the events of a kind; gives the uids of those that an event has shown to be gone, other than one that it names, and of their
 * owners: what they owned loses an owner, and their owners may have waited for them.
 */
export const make = () => {
  let known = new Map<string, ReadonlyArray<string>>()
  const add = ({ metadata }: Resource, owners: ReadonlyArray<string>) => known.set(metadata.uid, owners)
  const ownersIn = (object: Resource) => ownersOf(object).map(({ uid }) => uid)
  return (event: Event<Resource>): ReadonlyArray<string> => {
    if (event._tag === "Snapshot") {
      const before = known
      known = new Map()
      for (const object of event.objects) add(object, ownersIn(object))
      return [...before].flatMap(([uid, owners]) => (known.has(uid) ? [] : [uid, ...owners]))
    }
    if (event._tag === "Applied") add(event.object, ownersIn(event.object))
    else known.delete(event.object.metadata.uid)
    return []
  }
}
