/** What the server stamps on objects: names, uids and times. Clock and Random are Effect's, so that a test can say which. */
import { Clock, Effect, Random } from "effect"

/** What Kubernetes makes names of: letters and digits that spell no word. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789"

/** On every write: one step for all of a name's numbers. A number below a limit comes of each call. */
const drawn = <A>(make: (below: (limit: number) => number) => A): Effect.Effect<A> =>
  Effect.withFiber((fiber) => {
    const random = fiber.getRef(Random.Random)
    return Effect.succeed(make((limit) => Math.floor(random.nextDoubleUnsafe() * limit)))
  })

/** The end of a generated name. */
export const letters = (count: number) =>
  drawn((below) => Array.from({ length: count }, () => alphabet.charAt(below(alphabet.length))).join(""))

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0")

/** RFC 9562, version 4. */
export const uid = drawn((below) => {
  const part = (bits: number) => below(2 ** bits)
  const [a, b, c, d] = [part(32), part(16), part(12), part(14)]
  return `${hex(a, 8)}-${hex(b, 4)}-4${hex(c, 3)}-${hex(0x8000 | d, 4)}-${hex(part(32), 8)}${hex(part(16), 4)}`
})

/** RFC 3339 in whole seconds, as metadata has it. Of the second that was asked for last it is known already. */
let last = { second: Number.NaN, text: "" }
export const time = (milliseconds: number) => {
  const second = Math.floor(milliseconds / 1000)
  if (second !== last.second) last = { second, text: `${new Date(milliseconds).toISOString().slice(0, 19)}Z` }
  return last.text
}

export const now = Effect.map(Clock.currentTimeMillis, time)
