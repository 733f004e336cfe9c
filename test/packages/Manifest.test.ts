/** A keelson.json with a mistake is refused, by the place of the mistake and what is expected there. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { join } from "node:path"
import * as Package from "../../plugins/packages/Package.ts"

const manifest = {
  name: "lab",
  version: "1.0.0",
  module: "plugin.ts",
  offers: [{ contract: "scheduler/SchedulerPoints", version: "^1.0.0" }]
}

const said = Effect.fnUntraced(function* (change: object) {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "kt-manifest-" })
  yield* files.writeFileString(join(directory, "plugin.ts"), "export {}")
  yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify({ ...manifest, ...change }))
  const { message } = yield* Effect.flip(Package.manifest(directory))
  return message.replace(`${directory}/keelson.json: `, "").replaceAll(`${directory}/`, "")
})

const rule = { verbs: ["get"], apiGroups: [""], resources: ["pods"] }
const configuration = { type: "object", properties: { label: { type: "string" } } }

/** A change of the manifest, and how what is said of it begins. */
const mistakes: ReadonlyArray<readonly [object, string]> = [
  [{ name: "Lab X" }, "name: a name is lower case letters, digits and -"],
  [{ version: "one" }, "version: one is no version such as 1.0.0"],
  [{ module: undefined }, "it has either a module or a command"],
  [{ module: "../plugin.ts" }, "module: it lies outside of the package"],
  [{ module: "other.ts" }, "module: there is no other.ts"],
  [{ fancy: true }, "fancy: Expected no excess property"],
  [{ offers: {} }, "offers: Expected array"],
  [{ offers: [{ contract: "a/B", version: "some" }] }, "offers.0.version: some is no range of versions such as ^1.0.0"],
  [{ isolation: "remote" }, 'isolation: Expected "in-process" | "worker" | "process" | "sandbox"'],
  [
    { permissions: { rules: [{ ...rule, verbs: [] }] } },
    "permissions.rules.0.verbs: Expected a value with a length of at least 1"
  ],
  [{ permissions: { rules: [{ verbs: ["get"] }] } }, "permissions.rules.0: a rule has either apiGroups"],
  [{ permissions: { rules: [{ ...rule, nonResourceURLs: ["/x"] }] } }, "permissions.rules.0: a rule has either apiGroups"],
  [{ permissions: { files: ["etc/lab"] } }, "permissions.files.0: an absolute path"],
  [{ permissions: { commands: [""] } }, "permissions.commands.0: an absolute path"],
  [{ permissions: { network: ["prices.example"] } }, "permissions.network.0: a host and a port"],
  [{ permissions: { network: ["prices.example:70000"] } }, "permissions.network.0: a host and a port"],
  [{ permissions: { environment: ["A=B"] } }, "permissions.environment.0: the name of a variable"],
  [{ permissions: { environment: ["LD_PRELOAD"] } }, "permissions.environment.0: LD_PRELOAD is not granted"],
  [{ resources: { memoryMiB: -1 } }, "resources.memoryMiB: Expected a value greater than or equal to 1"],
  [{ resources: { memoryMiB: "1Gi" } }, "resources.memoryMiB: Expected number"],
  [{ configuration: { type: "thing" } }, "configuration.type: expected of array, boolean"],
  [{ configuration: { ...configuration, properties: 5 } }, "configuration.properties: an object of schemas is expected"],
  [{ configuration: { properties: { a: { type: "strin" } } } }, "configuration.properties.a.type: expected of array"],
  [{ configuration: { ...configuration, required: "label" } }, "configuration.required: a list of names is expected"],
  [{ configuration: { anyOf: [5] } }, "configuration.anyOf.0: a schema is an object"],
  [
    { configuration: { properties: { a: { type: "string", pattern: "(" } } } },
    "configuration: it cannot be read as JSON Schema"
  ],
  [{ fallback: "Retry" }, 'fallback: Expected "Fail" | "Ignore"'],
  [{ life: { deaths: 0 } }, "life.deaths: Expected a value greater than or equal to 1"],
  [{ runsOn: "moon" }, 'runsOn: Expected "nodes" | "servers"'],
  [{ runsOn: "nodes" }, "runsOn: what it offers besides its own contracts"],
  [{ capabilities: ["everything"] }, "capabilities.0: GROUP/VERSION of the API"]
]

describe("a manifest with a mistake", () => {
  it.layer(NodeServices.layer)((it) => {
    it.effect.each(mistakes)("%j", ([change, words]) =>
      Effect.gen(function* () {
        const found = yield* said(change)
        assert.isTrue(found.startsWith(words), found)
      })
    )
    it.effect("every mistake is said at once", () =>
      Effect.gen(function* () {
        const found = yield* said({ version: "one", fallback: "Retry" })
        assert.include(found, "version: one is no version")
        assert.include(found, "fallback: Expected")
      })
    )
  })
})
