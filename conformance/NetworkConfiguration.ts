/** The checks of the laws of `NetworkConfiguration`. They write into a folder of their own. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NetworkConfiguration } from "../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Suite from "./Suite.ts"

type Service = NetworkConfiguration["Service"]

/** What a runtime reads: the files that hold a network, and when each was made. */
const filesIn = (folder: string) =>
  Effect.sync(() =>
    readdirSync(folder)
      .filter((name) => /\.(conf|conflist|json)$/.test(name))
      .map((name) => {
        const { ino, mtimeMs } = statSync(join(folder, name))
        return { name, ino, mtimeMs, text: readFileSync(join(folder, name), "utf8") }
      })
  )

const use = Effect.gen(function* () {
  const network = yield* NetworkConfiguration
  const temporary = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "laws-"))),
    (path) =>
      Effect.andThen(
        Effect.ignore(network.remove({ folder: path })),
        Effect.sync(() => rmSync(path, { recursive: true }))
      )
  )
  const [folder, other] = [yield* temporary, yield* temporary]
  return { network, folder, other, files: filesIn(folder), write: { folder, podCidrs: ["10.244.251.0/24"] } }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

/** Writes into the file that is there, as whoever reads it meanwhile would see. */
const inPlace = (folder: string) => {
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), readFileSync(join(folder, name)))
}

export const suite = Suite.make(NetworkConfiguration, {
  "write/whole": check(
    function* ({ files, network, write }) {
      yield* network.write(write)
      const [before] = yield* files
      yield* network.write({ ...write, podCidrs: ["10.244.252.0/24"] })
      const after = yield* files
      assert.equal(after.length, 1)
      // Another file under the same name: who has the old one open reads it to its end.
      assert.ok(before !== undefined && after[0]?.ino !== before.ino)
      assert.ok(after[0]?.text.includes("10.244.252.0/24"))
    },
    ({ write }) => ({
      write: (of) => {
        const before = readdirSync(of.folder).map((name) => [name, readFileSync(join(of.folder, name))] as const)
        return before.length > 0 ? Effect.sync(() => inPlace(of.folder)) : write(of)
      }
    })
  ),
  "write/families": check(
    function* ({ files, network, write }) {
      const podCidrs = ["10.244.251.0/24", "fd00:244:251::/64"]
      yield* network.write({ ...write, podCidrs })
      const text = (yield* files).map((file) => file.text).join()
      for (const cidr of podCidrs) assert.ok(text.includes(cidr), cidr)
    },
    ({ write }) => ({ write: (of) => write({ ...of, podCidrs: of.podCidrs.slice(0, 1) }) })
  ),
  "write/again": check(
    function* ({ files, network, write }) {
      yield* network.write(write)
      const before = yield* files
      yield* network.write(write)
      assert.deepEqual(yield* files, before)
    },
    ({ write }) => ({
      write: (of) =>
        Effect.andThen(
          write(of),
          Effect.sync(() => inPlace(of.folder))
        )
    })
  ),
  "remove/again": check(
    function* ({ files, folder, network, write }) {
      yield* network.write(write)
      yield* network.remove({ folder })
      yield* network.remove({ folder })
      assert.deepEqual(yield* files, [])
    },
    () => ({ remove: () => Effect.void })
  ),
  "remove/other": check(
    function* ({ folder, network, other, write }) {
      yield* network.write(write)
      yield* network.write({ ...write, folder: other })
      const before = yield* filesIn(other)
      assert.equal(before.length, 1)
      yield* network.remove({ folder })
      assert.deepEqual(yield* filesIn(other), before)
    },
    ({ remove, write }) => {
      const folders = new Set<string>()
      return {
        write: (of) =>
          Effect.andThen(
            Effect.sync(() => folders.add(of.folder)),
            write(of)
          ),
        remove: () => Effect.suspend(() => Effect.forEach(folders, (folder) => remove({ folder }), { discard: true }))
      }
    }
  )
})
