/** A package that `keelson plugin serve` runs elsewhere, named by an object: here elsewhere is another port of the loopback. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import * as Serve from "../../bin/plugin/Serve.ts"
import { freePort } from "../../kernel/FreePort.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import { Plugin, type PluginStatus } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Event, Pod, Secret } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "./Cluster.ts"

const host = "127.0.0.1"
const package_ = join(import.meta.dirname, "..", "..", "examples", "admission-team")
const key = { namespace: "", name: "team" }

const story = Effect.gen(function* () {
  const { client, home } = yield* cluster
  const files = yield* FileSystem.FileSystem
  const ca = yield* Pki.authority("plugins")
  const there = yield* Pki.issue(ca, { commonName: "plugin", hosts: [host], usages: ["server"] })
  const here = yield* Pki.issue(ca, { commonName: "cluster", usages: ["client"] })
  const written = Effect.fnUntraced(function* (name: string, text: string) {
    yield* files.writeFileString(join(home, name), text)
    return join(home, name)
  })
  const port = yield* freePort
  const asked = {
    listen: `${host}:${port}`,
    ca: yield* written("ca.crt", ca.cert),
    cert: yield* written("tls.crt", there.cert),
    key: yield* written("tls.key", there.key)
  }
  const serve = Effect.forkScoped(Serve.run(package_, asked))
  const becomes = (what: string, holds: (status: PluginStatus) => boolean) =>
    Effect.retry(
      Effect.flatMap(client.get(Plugin, key), ({ status }) =>
        holds(status) ? Effect.succeed(status) : Effect.fail(new Error(`it is not ${what}: ${JSON.stringify(status)}`))
      ),
      { schedule: Schedule.spaced("50 millis"), times: 1200 }
    )
  const containers = [{ name: "c", image: "i" }]
  const pod = (name: string, labels = {}) =>
    client.create(Pod, { metadata: { namespace: "default", name, labels }, spec: { containers } })

  const secret = { namespace: "kube-system", name: "team-plugin" }
  const first = yield* serve
  yield* client.create(Plugin, { metadata: { name: "team" }, spec: { remote: { address: asked.listen, secret } } })
  const without = yield* becomes("refused", ({ state }) => state === "Failed")
  assert.match(without.reason ?? "", /^spec\.remote\.secret: the Secret kube-system\/team-plugin is not there/)
  yield* client.create(Secret, {
    metadata: secret,
    stringData: { "ca.crt": ca.cert, "tls.crt": here.cert, "tls.key": here.key }
  })
  // Who changes the object does not wait for the next look.
  yield* client.patch(Plugin, key, "merge", { spec: { rollbackWindowSeconds: 30 } })
  const running = yield* becomes("running", ({ state }) => state === "Running")
  assert.deepStrictEqual([running.isolation, running.version], ["remote", "1.0.0"])

  const { message } = yield* Effect.flip(pod("plain"))
  assert.match(message, /pods "plain" is forbidden: it has no label team/)
  const { labels = {} } = (yield* pod("fine", { team: "blue" })).metadata
  assert.property(labels, "asked-by")

  // The other machine goes, and comes back.
  yield* Fiber.interrupt(first)
  yield* becomes("dead", ({ lastDeath }) => lastDeath !== undefined)
  yield* serve
  yield* becomes("running again", ({ restarts = 0, state }) => state === "Running" && restarts > 0)
  yield* pod("again", { team: "blue" })
  const events = yield* client.list(Event, { fieldSelector: "involvedObject.name=team" })
  const told = new Set(events.map(({ reason }) => reason))
  for (const reason of ["Failed", "Started", "Died", "Restarted"]) assert.isTrue(told.has(reason), `no Event ${reason}`)
})

describe("a package on another machine", () => {
  it.live(
    "is named by an object, with certificates of a Secret, and is started again when that machine is back",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
