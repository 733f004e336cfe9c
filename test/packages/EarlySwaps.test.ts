/** Keys of what is stored are those of a package that a setting names: it is swapped, and rolled back, while Secrets are written. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { join, resolve } from "node:path"
import * as Encryption from "../../bin/Encryption.ts"
import * as Admin from "../../bin/plugin/Admin.ts"
import * as Store from "../../bin/Store.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Secret } from "../../plugins/resources/contracts/core/v1.ts"
import { clusterOf } from "./Cluster.ts"

const examples = resolve(import.meta.dirname, "..", "..", "examples")
const at = (name: string) => ({ namespace: "default", name })
const keyOf = (name: string) => ({ namespace: "", name })
const keys = "keys-passphrases"

const site = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-swaps-" })
  /** A version of an example, in which some words are others. */
  const version = Effect.fnUntraced(function* (
    example: string,
    version: string,
    file = "plugin.ts",
    words = "",
    others = ""
  ) {
    const directory = join(home, `${example}-${version}`)
    yield* files.copy(join(examples, example), directory)
    for (const [name, from, to] of [
      ["keelson.json", '"version": "1.0.0"', `"version": "${version}"`],
      [file, words, others]
    ] as const) {
      const path = join(directory, name)
      yield* files.writeFileString(path, (yield* files.readFileString(path)).replace(from, to))
    }
    return directory
  })
  const first = yield* version(keys, "1.0.0")
  const passphrases = join(home, "passphrases")
  yield* files.writeFileString(passphrases, "a passphrase\n")
  const config = join(home, "encryption.yaml")
  const kms = { apiVersion: "v2", name: "own", endpoint: `plugin://${first}?file=${passphrases}` }
  const resources = [{ resources: ["secrets"], providers: [{ kms }] }]
  yield* files.writeFileString(
    config,
    JSON.stringify({ kind: "EncryptionConfiguration", apiVersion: "apiserver.config.k8s.io/v1", resources })
  )
  const store = yield* version("store-journal", "1.0.0")
  const wished = { encryptionProviderConfig: config, store: `plugin://${store}` }
  const cluster = yield* clusterOf(wished, (settings, paths) =>
    Encryption.around(settings, paths, true, Store.owner(settings, paths, undefined))
  )
  return { ...cluster, first, version }
})

const story = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const { client, first, home, version } = yield* site
  const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideService(effect, Client, client)
  const status = (name: string) => Effect.map(client.get(Plugin, keyOf(name)), ({ status }) => status)
  const until = (name: string, what: string, holds: (found: Effect.Success<ReturnType<typeof status>>) => boolean) =>
    status(name).pipe(
      Effect.filterOrFail(holds, (found) => new Error(`${name}: ${what}: ${JSON.stringify(found)}`)),
      Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 600 })
    )
  const runs = (wanted: string) => until(keys, `runs as ${wanted}`, ({ version }) => version === wanted)
  yield* runs("1.0.0")

  const failed: Array<string> = []
  let written = 0
  const one = Effect.suspend(() => {
    const name = `secret-${written++}`
    return Effect.andThen(
      client.create(Secret, { metadata: at(name), data: { word: "eA==" } }),
      client.get(Secret, at(name))
    )
  }).pipe(Effect.catch((error) => Effect.sync(() => failed.push(error.message))))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(one, Effect.sleep("20 millis"))))

  const second = yield* version(keys, "2.0.0")
  yield* client.patch(Plugin, keyOf(keys), "merge", { spec: { rollbackWindowSeconds: 1 } })
  yield* run(Admin.swap(keys, second, {}))
  yield* runs("2.0.0")
  // What is to be started the next time is known when the trial is over.
  const remembered = join(home, ".keelson", "plugins", keys, "version.json")
  yield* Effect.retry(
    Effect.filterOrFail(files.readFileString(remembered), (text) => text.includes(second)),
    { schedule: Schedule.spaced("100 millis"), times: 100 }
  )
  yield* run(Admin.rollback(keys))
  yield* runs("1.0.0")

  const dying = yield* version(
    keys,
    "3.0.0",
    "plugin.ts",
    "const made =",
    "setTimeout(() => process.exit(3), 1500)\nconst made ="
  )
  yield* client.patch(Plugin, keyOf(keys), "merge", {
    spec: { rollbackWindowSeconds: 60, source: { path: dying, digest: null } }
  })
  yield* until(keys, "is back", ({ reason = "", version }) => version === "1.0.0" && reason.startsWith("rolled back: "))
  yield* client.patch(Plugin, keyOf(keys), "merge", { spec: { source: null } })
  yield* until(keys, "is as the setting names it", ({ reason, version }) => version === "1.0.0" && reason === undefined)
  assert.strictEqual((yield* status(keys)).history?.[0]?.path, first)

  const wrong = yield* version("store-journal", "2.0.0")
  yield* client.patch(Plugin, keyOf("store-journal"), "merge", { spec: { source: { path: wrong } } })
  yield* until("store-journal", "is refused", ({ reason = "" }) => reason.includes("keelson store migrate"))
  assert.strictEqual((yield* status("store-journal")).version, "1.0.0")
  console.log(`${written} Secrets written, ${failed.length} failed`)
  assert.deepStrictEqual(failed, [])
  assert.isAbove(written, 50)
})

it.live(
  "keys are swapped, rolled back by hand and by themselves; the store is not, and says what to do",
  () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
  300_000
)
