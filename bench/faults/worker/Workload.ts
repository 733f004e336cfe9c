/**
 * What clients of a worker do until they are stopped: writes of a few keys that all workers share, some of them knowingly or
 * unknowingly on an old entry, deletes, reads of both kinds. A key is left for the next one after some forty entries, so that
 * the search for an order of its questions stays short.
 */
import { Effect, Random } from "effect"
import { randomUUID } from "node:crypto"
import type { Lines } from "../Lines.ts"
import { now } from "../Lines.ts"
import type { Content, Seen, Target } from "./Target.ts"

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

const ask = Effect.fnUntraced(function* (target: Target, lines: Lines, process: string, key: string, consistent: boolean) {
  const op = randomUUID()
  lines.write({ _tag: "Read", time: now(), process, op, key, consistent })
  const answer = yield* target.read(key, consistent)
  lines.write({ time: now(), process, op, ...answer })
})

const write = Effect.fnUntraced(function* (
  target: Target,
  lines: Lines,
  process: string,
  { prev, ...content }: Content & { readonly prev: number | undefined }
) {
  const op = randomUUID()
  const asked = { _tag: "Write" as const, time: now(), process, op, ...content }
  lines.write(prev === undefined ? asked : { ...asked, prev })
  const answer = yield* target.write({ ...content, prev })
  lines.write({ time: now(), process, op, ...answer })
  return answer
})

const one = Effect.fnUntraced(function* (target: Target, lines: Lines, { process }: Options, client: number, key: string) {
  const dice = yield* diceOf(client)
  if (dice < 45) return yield* ask(target, lines, process, key, dice < 25)
  const last = target.known(key)
  const best = target.prevOf(last)
  // One in ten replaces what it knows to be replaced, or there.
  const prev = dice < 52 && best !== undefined && best > 1 ? best - 1 : best
  const size = yield* Random.nextIntBetween(0, dice === 60 ? 20_000 : 400)
  const value = `${versionOf(last) + 1} ${process} ${size}`
  const content = { key, action: "put" as const, writeId: randomUUID(), value }
  const isDelete = dice >= 92 && last?.action === "put"
  if (!isDelete) yield* write(target, lines, process, { ...content, prev })
  else if (target.deletes === undefined) yield* write(target, lines, process, { ...content, action: "delete", prev })
  else {
    // It is known by what it deletes, so that this has to be its own.
    const before = yield* write(target, lines, process, { ...content, prev })
    if (before._tag !== "Written" || before.seq === undefined) return
    const writeId = target.deletes(key, before.seq)
    yield* write(target, lines, process, { ...content, action: "delete", writeId, prev: before.seq })
  }
})

/** A last write, tried until it is there: its seq covers all that was acknowledged before. */
export const close = Effect.fn("Workload.close")(function* (target: Target, lines: Lines, { keys, process }: Options) {
  for (;;) {
    const id = randomUUID()
    const content = { key: `${keys}end-${id}`, action: "put" as const, writeId: id, value: `1 ${process} 0` }
    const answer = yield* write(target, lines, process, { ...content, prev: target.prevOf(undefined) })
    if (answer._tag === "Written" && answer.seq !== undefined) return answer.seq
    yield* Effect.sleep("200 millis")
  }
})

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
