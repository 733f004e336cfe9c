/** A package that `keelson plugin serve` runs elsewhere, named by an object: here elsewhere is the loopback. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Schedule, type Scope } from "effect"
import { join } from "node:path"
import * as Serve from "../../bin/plugin/Serve.ts"
import { freePort } from "../../kernel/FreePort.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import { Plugin, type PluginStatus } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Event, Pod, Secret } from "../../plugins/resources/contracts/core/v1.ts"
import { left } from "../Left.ts"
import * as Far from "../plugin/Far.ts"
import * as RawNats from "../store/RawNats.ts"
import { cluster } from "./Cluster.ts"

const package_ = join(import.meta.dirname, "..", "..", "examples", "admission-team")
const key = { namespace: "", name: "team" }

/** Where it is served, and what the object says of it; `here` is who asks. */
interface Place {
  readonly served: Pick<Serve.Asked, "listen" | "nats" | "subject">
  readonly remote: { readonly address: string; readonly subject?: string }
  readonly ca: string
  readonly there: Pki.Pair
  readonly here: Pki.Pair
}

const host = "127.0.0.1"
const overTls = Effect.gen(function* () {
  const authority = yield* Pki.authority("plugins")
  const listen = `${host}:${yield* freePort}`
  const place: Place = {
    served: { listen },
    remote: { address: listen },
    ca: authority.cert,
    there: yield* Pki.issue(authority, { commonName: "plugin", hosts: [host], usages: ["server"] }),
    here: yield* Pki.issue(authority, { commonName: "cluster", usages: ["client"] })
  }
  return place
})
const overNats = Effect.map(Far.natsSite, ({ ca, cluster, machine, nats }): Place => {
  const at = { nats, subject: Far.subject }
  return { served: at, remote: { address: nats, subject: Far.subject }, ca, there: machine, here: cluster }
})

const story = Effect.fnUntraced(function* (at: Effect.Effect<Place, unknown, Scope.Scope>) {
  const { client, home } = yield* cluster
  const files = yield* FileSystem.FileSystem
  const { ca, here, remote, served, there } = yield* at
  const written = Effect.fnUntraced(function* (name: string, text: string) {
    yield* files.writeFileString(join(home, name), text)
    return join(home, name)
  })
  const asked = {
    ...served,
    ca: yield* written("ca.crt", ca),
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
  yield* client.create(Plugin, { metadata: { name: "team" }, spec: { remote: { ...remote, secret } } })
  const without = yield* becomes("refused", ({ state }) => state === "Failed")
  assert.match(without.reason ?? "", /^spec\.remote\.secret: the Secret kube-system\/team-plugin is not there/)
  yield* client.create(Secret, {
    metadata: secret,
    stringData: { "ca.crt": ca, "tls.crt": here.cert, "tls.key": here.key }
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

describe("a package on another machine is named by an object, and is started again when that machine is back", () => {
  it.live("over TLS", () => story(overTls).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 240_000)
  it.live.skipIf(RawNats.lacks.length > 0)(
    `over NATS${left(RawNats.lacks)}`,
    () => story(overNats).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
