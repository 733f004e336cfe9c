/** Which backend stands in which slot: a packet picks a slot by chance or by its sender, so that slots should move little. */

/** As many slots as backends. Whoever stays keeps its slot if that still exists; the others fill the gaps. */
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

const least = 64
const most = 1024

/**
 * A table for picking by the sender: each slot belongs to the backend with the highest hash of the two (rendezvous hashing), so
 * that a backend that comes or goes moves its own share of the senders and no others. Eight slots or more for each backend.
 */
export const spread = (backends: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first = ""] = backends
  const size = Math.min(most, Math.max(least, 2 ** Math.ceil(Math.log2(backends.length * 8))))
  return Array.from({ length: size }, (_, slot) => {
    const weight = (backend: string) => hash(`${slot}/${backend}`)
    return backends.reduce((best, backend) => (weight(backend) > weight(best) ? backend : best), first)
  })
}
