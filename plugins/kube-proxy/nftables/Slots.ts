/** Which endpoint stands in which slot: a packet picks a slot by chance, and a change should move few of them. */

/** As many slots as endpoints. Whoever stays keeps its slot if that still exists; the others fill the gaps. */
export const arrange = (before: ReadonlyArray<string>, wanted: ReadonlyArray<string>): ReadonlyArray<string> => {
  const missing = new Set(wanted)
  const slots: Array<string | undefined> = wanted.map((_, index) => {
    const present = before[index]
    return present !== undefined && missing.delete(present) ? present : undefined
  })
  const rest = missing.values()
  return slots.map((present) => present ?? rest.next().value ?? "")
}

/** FNV-1a, mixed once more: neighbours must not be alike. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  return (value ^ (value >>> 13)) >>> 0
}

/**
 * A number below `limit` for each endpoint, by which clients with affinity remember it. It follows from what the endpoint is, so that
 * it stays the same whatever else comes and goes, and after a restart.
 */
export const numbers = (endpoints: ReadonlyArray<string>, limit: number): ReadonlyMap<string, number> => {
  const [found, taken] = [new Map<string, number>(), new Set<number>()]
  for (const endpoint of endpoints.toSorted()) {
    let number = hash(endpoint) % limit
    while (taken.has(number)) number = (number + 1) % limit
    taken.add(number)
    found.set(endpoint, number)
  }
  return found
}
