/**
 * Certificates as files that nginx reads at each handshake: first the chain, then the key. A file that were replaced in between would
 * give it a chain and a key that do not belong together. So there are two folders of them, one for even and one for odd seconds of the
 * clock: by the second in which it began a handshake reads both from one, and only the folder that rests is written.
 */
import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Certificate } from "../../../plugins/ingress/contracts/IngressProxy.ts"
import { block, quoted } from "./Text.ts"

const turns = ["even", "odd"] as const
/** How long before and after the turn of a second nothing is written, in milliseconds: a handshake takes less. */
const margin = 250

/** Names may have signs that files may not. */
const fileOf = (name: string) => `${createHash("sha256").update(name).digest("hex").slice(0, 32)}.pem`

/** Where nginx finds the one of that name. */
export const pathOf = (name: string) => quoted(`$keelson_certificates/$keelson_turn/${fileOf(name)}`)
export const variables = (directory: string) => [
  ...block('map "" $keelson_certificates', `default ${quoted(directory)};`),
  ...block("map $msec $keelson_turn", "default even;", `${quoted("~[13579]\\.")} odd;`)
]

/** Whose group reads them; absent: who writes them. */
export interface Reader {
  readonly group: number
}

export const make = (directory: string, reader: Reader | undefined) => {
  let shown = new Map<string, string>()
  const own = (path: string, mode: number) => {
    chmodSync(path, mode)
    if (reader !== undefined) chownSync(path, 0, reader.group)
  }
  const folders = () => {
    for (const path of [directory, ...turns.map((turn) => join(directory, turn))]) {
      mkdirSync(path, { recursive: true })
      own(path, reader === undefined ? 0o700 : 0o750)
    }
  }
  /** Whole or not at all. */
  const write = (turn: string, name: string, pem: string) => {
    const path = join(directory, turn, fileOf(name))
    writeFileSync(`${path}.new`, pem, { mode: 0o600 })
    own(`${path}.new`, reader === undefined ? 0o600 : 0o640)
    renameSync(`${path}.new`, path)
  }
  /** In the middle of a second: writes the folder of the next one. Says which that was. */
  const writeNext = (all: ReadonlyMap<string, string>, not?: string): Effect.Effect<string> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const [second, within] = [Math.floor(now / 1000), now % 1000]
      const turn = turns[(second + 1) % 2] ?? "even"
      if (within < margin) yield* Effect.sleep(margin - within)
      else if (within > 1000 - 2 * margin || turn === not) yield* Effect.sleep(1000 - within + margin)
      else {
        for (const [name, pem] of all) write(turn, name, pem)
        return turn
      }
      return yield* writeNext(all, not)
    })

  return {
    /** Over when they are what is shown. Those that nobody wants any more stay, because routes may still name them. */
    show: Effect.fnUntraced(function* (certificates: ReadonlyArray<Certificate>) {
      folders()
      const pems = certificates.map(({ chain, key, name }) => [name, `${chain.trimEnd()}\n${key}`] as const)
      for (const [name, pem] of pems.filter(([name]) => !shown.has(name))) {
        for (const turn of turns) write(turn, name, pem)
        shown.set(name, pem)
      }
      const changed = new Map(pems.filter(([name, pem]) => shown.get(name) !== pem))
      if (changed.size === 0) return
      const first = yield* writeNext(changed)
      yield* writeNext(changed, first)
      for (const [name, pem] of changed) shown.set(name, pem)
    }),
    forget: (certificates: ReadonlyArray<Certificate>) => {
      shown = new Map(certificates.map(({ name }) => [name, shown.get(name) ?? ""]))
      const files = new Set(certificates.map(({ name }) => fileOf(name)))
      for (const turn of turns)
        for (const file of readdirSync(join(directory, turn)))
          if (!files.has(file)) rmSync(join(directory, turn, file), { force: true })
    },
    clear: () => void (shown = new Map())
  }
}
