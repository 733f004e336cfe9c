/**
 * The load: so many writers, each going round its own share of the keys and writing the next state of an object as soon as the
 * one before is acknowledged, as compare-and-swap upon the revision it got last.
 */
import { Effect } from "effect"
import { randomBytes } from "node:crypto"

/** Writes the next state of a key; gives its revision. */
export type Write = (key: string, bytes: Uint8Array, prev: number, writeId: string) => Effect.Effect<number, unknown>

const keys = 1024
export const size = 2048
/** As large as a Pod is, and as little alike as JSON: half of it is lost on who compresses. */
const payloads = Array.from({ length: 64 }, () => new Uint8Array(Buffer.from(randomBytes(size / 2).toString("hex"))))
export const payload = (index: number) => payloads[index % payloads.length]!

export interface Plan {
  readonly inFlight: number
  readonly milliseconds: number
}
export interface Figures {
  /** Milliseconds from the first to the last acknowledgement, and of each write. */
  readonly took: number
  readonly waits: ReadonlyArray<number>
}

export const make = (write: Write, prefix: string) => {
  const revisions = new Map<string, number>()
  let count = 0
  const one = (key: string) =>
    Effect.map(write(key, payload(++count), revisions.get(key) ?? 0, `${prefix} ${count}`), (revision) => {
      revisions.set(key, revision)
    })
  return Effect.fnUntraced(function* ({ inFlight, milliseconds }: Plan) {
    const start = performance.now()
    const waits: number[] = []
    const writer = Effect.fnUntraced(function* (index: number) {
      const share = Math.floor(keys / inFlight)
      for (let round = 0, now = start; now < start + milliseconds; round++) {
        yield* one(`${prefix}/object-${index * share + (round % share)}`)
        const before = now
        now = performance.now()
        waits.push(now - before)
      }
    })
    yield* Effect.forEach(Array(inFlight).keys(), writer, { concurrency: "unbounded", discard: true })
    return { took: performance.now() - start, waits } satisfies Figures
  })
}
