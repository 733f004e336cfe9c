/**
 * What clients of a worker do until they are stopped: writes of a few keys that all workers share, some of them knowingly or
 * unknowingly on an old entry, deletes, reads of both kinds. A key is left for the next one after some forty entries, so that
 * the search for an order of its questions stays short.
 */
import { Effect, Random } from "effect"
import { randomUUID } from "node:crypto"
import type { Lines } from "../Lines.ts"
import { now } from "../Lines.ts"
import type { Seen, Target } from "./Target.ts"

export interface Options {
  readonly process: string
  readonly keys: string
  /** Half of them read only. */
  readonly clients: number
  /** Milliseconds between two questions of a client, on average. */
  readonly pause: number
}

const slots = 6
const perKey = 40

/** `version writer size`: the version counts the key's entries. */
const versionOf = (seen: Seen | undefined) => Number(seen?.value.split(" ", 1)[0] ?? 0)

const keyOf = (prefix: string, { known }: Target, slot: number, generations: Map<number, number>) => {
  for (let generation = generations.get(slot) ?? 0; ; generation++) {
    const key = `${prefix}${slot}-${generation}`
    generations.set(slot, generation)
    if (versionOf(known(key)) < perKey) return key
  }
}

/** Who waits for a write cannot read: so some only read, and what they get tells for how long nobody could. */
const diceOf = (client: number) => {
  const [least, most] = client % 4 === 0 ? [25, 44] : client % 4 === 1 ? [0, 24] : [0, 99]
  return Random.nextIntBetween(least, most)
}

const one = Effect.fnUntraced(function* (target: Target, lines: Lines, { process }: Options, client: number, key: string) {
  const op = randomUUID()
  const dice = yield* diceOf(client)
  const asked = () => ({ time: now(), process, op, key })
  const told = () => ({ time: now(), process, op })
  if (dice < 45) {
    const consistent = dice < 25
    lines.write({ _tag: "Read", ...asked(), consistent })
    const answer = yield* target.read(key, consistent)
    lines.write({ ...told(), ...answer })
    return
  }
  const last = target.known(key)
  // One in ten replaces what it knows to be replaced, or there.
  const prev = dice < 52 ? Math.max(0, (last?.seq ?? 0) - 1) : (last?.seq ?? 0)
  const isDelete = dice >= 92 && last?.action === "put"
  const size = yield* Random.nextIntBetween(0, dice === 60 ? 20_000 : 400)
  const content = {
    key,
    action: isDelete ? ("delete" as const) : ("put" as const),
    writeId: op,
    value: `${versionOf(last) + 1} ${process} ${size}`
  }
  lines.write({ _tag: "Write", ...asked(), prev, action: content.action, writeId: op, value: content.value })
  const answer = yield* target.write({ ...content, prev })
  lines.write({ ...told(), ...answer })
}, Effect.withSpan("Workload.one"))

/** Until it is interrupted; what is under way then stays without an answer. */
export const run = (target: Target, lines: Lines, options: Options) =>
  Effect.forEach(
    Array.from({ length: options.clients }, (_, client) => client),
    (client) => {
      const generations = new Map<number, number>()
      const step = Effect.gen(function* () {
        const slot = yield* Random.nextIntBetween(0, slots - 1)
        yield* one(target, lines, options, client, keyOf(options.keys, target, slot, generations))
        yield* Effect.sleep(yield* Random.nextIntBetween(0, 2 * options.pause))
      })
      return Random.withSeed(Effect.forever(step), `${options.process} ${client} ${now()}`)
    },
    { concurrency: "unbounded", discard: true }
  )
