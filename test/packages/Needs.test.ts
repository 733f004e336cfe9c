/** Packages that need what other packages offer: in which order they start, what they wait for, and cycles by their names. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import { Plugin, type PluginStatus } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "./Cluster.ts"

const admission = { contract: "admission/AdmissionPoints", version: "^1.0.0" }
const authentication = { contract: "authentication/AuthenticationPoints", version: "^1.0.0" }

/** Refuses ConfigMaps whose token is not the door's. */
const guard = `
import { Effect, Layer } from "effect"
import { AdmissionPoints, Refused } from "keelson/admission/AdmissionPoints"
import { AuthenticationPoints } from "keelson/authentication/AuthenticationPoints"
import * as Plugin from "keelson/kernel/plugin/Plugin"
const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }]
export const plugin = Plugin.make({
  name: "guard",
  offers: [AdmissionPoints],
  needs: [AuthenticationPoints],
  layer: Layer.effect(AdmissionPoints, Effect.map(AuthenticationPoints, (door) => ({
    describe: () => Effect.succeed({ name: "guard", rules, points: ["validate"] }),
    mutate: () => Effect.succeed({}),
    validate: ({ object }) =>
      Effect.flatMap(Effect.orDie(door.authenticate({ token: object.data?.token ?? "" })), ({ user }) =>
        user === undefined ? Effect.fail(new Refused({ message: "nobody" })) : Effect.succeed({ warnings: [user.name] })
      )
  })))
})
`
const door = `
import { Effect, Layer } from "effect"
import { AuthenticationPoints } from "keelson/authentication/AuthenticationPoints"
import * as Plugin from "keelson/kernel/plugin/Plugin"
export const plugin = Plugin.make({
  name: "door",
  offers: [AuthenticationPoints],
  layer: Layer.succeed(AuthenticationPoints, {
    describe: () => Effect.succeed({ name: "door", prefixes: ["door-"] }),
    authenticate: ({ token }) => Effect.succeed(token === "door-ann" ? { user: { name: "ann" } } : {})
  })
})
`

const story = Effect.gen(function* () {
  const { client, home } = yield* cluster
  const files = yield* FileSystem.FileSystem
  const written = Effect.fnUntraced(function* (name: string, code: string, about: object, folder = name) {
    const directory = join(home, folder)
    yield* files.makeDirectory(directory)
    const manifest = { name, version: "1.0.0", module: "plugin.ts", ...about }
    yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifest))
    yield* files.writeFileString(join(directory, "plugin.ts"), code)
    return { path: directory }
  })
  const becomes = (name: string, what: string, holds: (status: PluginStatus) => boolean) =>
    Effect.retry(
      Effect.flatMap(client.get(Plugin, { namespace: "", name }), ({ status }) =>
        holds(status) ? Effect.succeed(status) : Effect.fail(new Error(`${name} is not ${what}: ${JSON.stringify(status)}`))
      ),
      { schedule: Schedule.spaced("50 millis"), times: 1200 }
    )
  const create = (name: string, data = {}) => client.create(ConfigMap, { metadata: { namespace: "default", name }, data })

  // Each needs the other: neither starts, and both say so.
  const guarded = yield* written("guard", guard, { offers: [admission], needs: [authentication] })
  yield* client.create(Plugin, { metadata: { name: "guard" }, spec: { source: guarded } })
  const waits = "it waits for a package that offers authentication/AuthenticationPoints"
  yield* becomes("guard", "waiting", ({ reason }) => reason === waits)
  const circular = yield* written("door", door, { offers: [authentication], needs: [admission] }, "circular")
  yield* client.create(Plugin, { metadata: { name: "door" }, spec: { source: circular } })
  const cycle = /^plugins need each other: (guard needs door, door needs guard|door needs guard, guard needs door)$/
  const refused = yield* becomes("door", "refused", ({ reason = "" }) => cycle.test(reason))
  assert.strictEqual(refused.state, "Failed")

  // Without the cycle both start, the one that is needed first.
  const source = yield* written("door", door, { offers: [authentication] })
  yield* client.patch(Plugin, { namespace: "", name: "door" }, "merge", { spec: { source } })
  for (const name of ["door", "guard"])
    yield* becomes(name, "running", ({ reason, state }) => state === "Running" && reason === undefined)
  assert.match((yield* Effect.flip(create("stranger"))).message, /nobody/)
  yield* create("ann", { token: "door-ann" })

  // What is needed goes: who needs it ends, and waits again.
  yield* client.delete(Plugin, { namespace: "", name: "door" })
  yield* becomes("guard", "waiting again", ({ reason }) => reason === waits)
  yield* create("unguarded")
})

describe("packages that need each other", () => {
  it.live(
    "start in order, wait, and name their cycle in their status",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
