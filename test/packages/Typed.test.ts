/** What authors type, as it stands: `keelson plugin` as a process, with what is right and what is not. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFile } from "node:child_process"
import { join, resolve } from "node:path"

const main = resolve(import.meta.dirname, "..", "..", "bin/Main.ts")

interface Said {
  readonly text: string
  readonly isWell: boolean
}

const keelson = (cwd: string, ...args: ReadonlyArray<string>) =>
  Effect.callback<Said>((resume) => {
    const child = execFile(process.execPath, [main, "plugin", ...args], { cwd }, (error, stdout, stderr) =>
      resume(Effect.succeed({ text: `${stdout}${stderr}`, isWell: error === null }))
    )
    return Effect.sync(() => child.kill())
  })

const home = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-typed-" })
  return { files, directory, typed: (...args: ReadonlyArray<string>) => keelson(directory, ...args) }
})

/** Does not start where nobody tells it what has a price. */
const shop = `
import { Effect, Layer } from "effect"
import { AdmissionPoints, Refused } from "keelson/admission/AdmissionPoints"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { Tariff } from "./contract.ts"
const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }]
export const plugin = () => Plugin.make({
  name: "shop",
  offers: [AdmissionPoints],
  needs: [Tariff],
  layer: Layer.effect(AdmissionPoints, Effect.gen(function* () {
    const machines = yield* (yield* Tariff).list()
    return {
      describe: () => Effect.succeed({ name: "shop", rules, points: ["validate"] }),
      mutate: () => Effect.succeed({}),
      validate: () => Effect.fail(new Refused({ message: machines.join() }))
    }
  }))
})
`
const manifest = {
  ...{ name: "shop", version: "1.0.0", module: "plugin.ts", isolation: "worker" },
  offers: [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }],
  needs: [{ contract: "tariff/Tariff", version: "^1.0.0" }]
}

it.live(
  "`check --with` starts the maker of a contract beside who needs it, and says without it what is lacking",
  () =>
    Effect.gen(function* () {
      const { directory, files, typed } = yield* home
      assert.include((yield* typed("new", "contract", "tariff")).text, "made from the template contract")
      yield* files.makeDirectory(join(directory, "shop"))
      yield* files.writeFileString(join(directory, "shop/keelson.json"), JSON.stringify(manifest))
      yield* files.writeFileString(join(directory, "shop/plugin.ts"), shop)
      yield* files.copyFile(join(directory, "tariff/contract.ts"), join(directory, "shop/contract.ts"))
      const alone = yield* typed("check", "shop")
      assert.isFalse(alone.isWell)
      assert.match(alone.text, /^✗ .*tariff\/Tariff/m)
      const beside = yield* typed("check", "shop", "--with", "tariff")
      assert.isTrue(beside.isWell, beside.text)
      assert.include(beside.text, "laws      shop keeps them, as worker")
    }).pipe(Effect.provide(NodeServices.layer)),
  60_000
)

it.live(
  "what is wrong is said in a line that says what would be right",
  () =>
    Effect.gen(function* () {
      const { directory, files, typed } = yield* home
      const wrong = Effect.fnUntraced(function* (words: string, ...args: ReadonlyArray<string>) {
        const { isWell, text } = yield* typed(...args)
        assert.isFalse(isWell, args.join(" "))
        assert.include(text, words)
        assert.notMatch(text, /\n\s+at |PlatformError/)
      })
      yield* files.makeDirectory(join(directory, "own"))
      yield* files.writeFileString(
        join(directory, "own/keelson.json"),
        JSON.stringify({ ...manifest, name: "own", needs: [] })
      )
      yield* files.writeFileString(join(directory, "own/plugin.ts"), "export const plugin = 1")
      const own = ["serve", "own", "--listen", "127.0.0.1:1", "--ca", "ca.crt", "--cert", "tls.crt", "--key", "tls.key"]
      yield* Effect.all(
        [
          wrong("there is no template nonsense: expected one of admission, ", "new", "nonsense", "own2"),
          wrong("own is a package already", "new", "admission", "own"),
          wrong("there is no", "check", "nowhere"),
          wrong(
            `there is no cluster of this machine here, for want of ${directory}/no/kubeconfig`,
            "list",
            "--data-dir",
            "no"
          ),
          wrong("/plugin.ts exports no plugin", "check", "own"),
          wrong("the kubeconfig no cannot be used: ", "list", "--kubeconfig", "no"),
          wrong("--ca ca.crt cannot be read: ", ...own)
        ],
        { concurrency: 2 }
      )
    }).pipe(Effect.provide(NodeServices.layer)),
  60_000
)
