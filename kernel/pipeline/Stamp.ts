/** What the server stamps on objects: names, uids and times. Clock and Random are Effect's, so that a test can say which. */
import { DateTime, Effect, Random } from "effect"

/** What Kubernetes makes names of: letters and digits that spell no word. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789"
const letter = Effect.map(Random.nextIntBetween(0, alphabet.length, { halfOpen: true }), (index) => alphabet.charAt(index))

/** The end of a generated name. */
export const letters = (count: number) => Effect.map(Effect.replicateEffect(letter, count), (all) => all.join(""))

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0")
const part = (bits: number) => Random.nextIntBetween(0, 2 ** bits, { halfOpen: true })

/** RFC 9562, version 4. */
export const uid = Effect.map(
  Effect.all([part(32), part(16), part(12), part(14), part(32), part(16)]),
  ([a, b, c, d, e, f]) => `${hex(a, 8)}-${hex(b, 4)}-4${hex(c, 3)}-${hex(0x8000 | d, 4)}-${hex(e, 8)}${hex(f, 4)}`
)

/** RFC 3339 in whole seconds, as metadata has it. */
export const time = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`

export const now = Effect.map(DateTime.now, (instant) => time(DateTime.toEpochMillis(instant)))
