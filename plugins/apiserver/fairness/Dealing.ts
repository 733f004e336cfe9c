/**
 * Shuffle sharding: each flow is dealt the same few of the queues every time, so that one that fills its hand leaves others, whose
 * hands differ from it, at least one queue. Source: "API Priority and Fairness", queuing.
 */

/** FNV-1a, 32 bits, of two texts. */
export const hashOf = (schema: string, distinguisher: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < schema.length; at++) hash = Math.imul(hash ^ schema.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ 0xff, 0x01000193)
  for (let at = 0; at < distinguisher.length; at++) hash = Math.imul(hash ^ distinguisher.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** The next of a sequence of numbers that begins with a hash: each bit of it depends on all bits of that. */
const mixed = (state: number) => {
  let value = state
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97)
  return (value ^ (value >>> 15)) >>> 0
}

/** `handSize` different numbers below `queues`. */
export const deal = (hash: number, queues: number, handSize: number): ReadonlyArray<number> => {
  const hand: Array<number> = []
  let state = hash
  for (let card = 0; card < Math.min(handSize, queues); card++) {
    state = (state + 0x9e3779b9) >>> 0
    let index = mixed(state) % (queues - card)
    // Of the cards that are left: those that were dealt before it are passed over.
    const dealt = hand.toSorted((a, b) => a - b)
    for (const taken of dealt) if (index >= taken) index++
    hand.push(index)
  }
  return hand
}
