/**
 * Servers that join: one with SQLite becomes one of three with a replica of the store each, one of them is lost and another takes its
 * place, and a node that joined by the lost one goes on. All on one machine, on ports of their own, with hollow nodes.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, type Scope } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import { ConfigMap, Endpoints, Node } from "../../plugins/resources/contracts/core/v1.ts"
import { keelson, launch, story, until } from "./Cluster.ts"
import { at, eventually, find } from "./Eventually.ts"
import * as Machine from "./Machine.ts"
import { left } from "../Left.ts"
import * as RawNats from "../store/RawNats.ts"

/** A process of keelson with a directory of its own, which ends with the scope. */
const start = (root: string, name: string, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const about = launch([process.execPath, keelson, ...args, "--data-dir", join(root, name), "--node-name", name])
      const before = story.of
      story.of = () => `${before()}\n== ${name}\n${about.text}`
      return about
    }),
    (about) =>
      Effect.andThen(
        Effect.sync(() => about.code === undefined && process.kill(-about.pid, "SIGTERM")),
        until(
          `the end of ${name}`,
          60,
          () => about.code !== undefined,
          () => about.text
        )
      )
  )

const portOf = (index: number) => 27440 + index
const server = (root: string, index: number, more: ReadonlyArray<string> = []) => {
  const ports = ["--api-port", `${portOf(index)}`, "--store-port", `${27540 + index}`]
  return start(root, `s${index}`, ["server", "--node-ip", "127.0.0.1", ...ports, ...more])
}

/** The administrator's client of one server. */
const clientOf = Effect.fnUntraced(function* (root: string, index: number) {
  // Who is joining has them in a moment.
  const pki = (name: string) => Effect.try(() => readFileSync(join(root, `s${index}`, "pki", name), "utf8"))
  const options = {
    ca: yield* pki("ca.crt"),
    clientCertificate: yield* pki("admin.crt"),
    clientKey: yield* pki("admin.key")
  }
  const api = Https.layer({ ...options, server: `https://127.0.0.1:${portOf(index)}` })
  const built = yield* Layer.build(Layer.fresh(Layer.provide(ApiClient.layer, api)))
  return Context.get(built, Client)
})
const on = <A, E>(root: string, index: number, effect: Effect.Effect<A, E, Client | Scope.Scope>) =>
  Effect.scoped(Effect.flatMap(clientOf(root, index), (client) => Effect.provideService(effect, Client, client)))

const run = (root: string, index: number, ...args: ReadonlyArray<string>) =>
  Machine.run(process.execPath, [keelson, ...args, "--data-dir", join(root, `s${index}`)])

/** What the command line says that has to be typed on the next machine, without the program's name and the command. */
const invitation = Effect.fnUntraced(function* (root: string, index: number, ...more: ReadonlyArray<string>) {
  const { stderr } = yield* run(root, index, "token", "create", ...more)
  const line = stderr.split("\n").find((line) => line.includes("--join")) ?? ""
  return line.slice(line.indexOf("--join")).split(" ")
})

const answers = (root: string, index: number) =>
  eventually(`server ${index} answers`, 60, on(root, index, find(ConfigMap, at("before"))), (found) => found !== undefined)

const addresses = Effect.map(find(Endpoints, at("kubernetes")), (found) =>
  (found?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => addresses.flatMap(() => ports.map(({ port }) => port)))
)

describe.skipIf(RawNats.lacks.length > 0)(`servers that join${left(RawNats.lacks)}`, () => {
  it.live("grow from one to three, lose one, and get another", () =>
    Effect.gen(function* () {
      const root = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-join-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const first = yield* server(root, 1)
      yield* until(
        "the first server",
        60,
        () => first.text.includes("the API is served"),
        () => first.text
      )
      const created = Effect.flatMap(Client, (client) => client.create(ConfigMap, { metadata: at("before") }))
      const { metadata } = yield* on(root, 1, created)

      const words = yield* invitation(root, 1, "--control-plane")
      yield* server(root, 2, words)
      yield* server(root, 3, words)
      yield* Effect.forEach([1, 2, 3], (index) => answers(root, index), { concurrency: 3 })
      const moved = yield* on(root, 2, find(ConfigMap, at("before")))
      assert.isAbove(Number(moved?.metadata.resourceVersion), Number(metadata.resourceVersion), "revisions never go back")
      assert.strictEqual(moved?.metadata.uid, metadata.uid)
      const ports = (...indexes: ReadonlyArray<number>) => JSON.stringify(indexes.map(portOf))
      yield* eventually("three endpoints", 20, on(root, 3, addresses), (found) => JSON.stringify(found) === ports(1, 2, 3))

      const agent = ["agent", "--runtime", "hollow", "--node-ip", "127.0.0.1", "--kubelet-port", "27250"]
      yield* start(root, "worker", [...agent, ...(yield* invitation(root, 1))])
      const worker = { namespace: "", name: "worker" }
      yield* eventually("the node is ready", 60, on(root, 2, find(Node, worker)), (node) =>
        (node?.status.conditions ?? []).some(({ status, type }) => type === "Ready" && status === "True")
      )

      // The machine of the first is lost: its API, and its replica of the store.
      const store = Number(readFileSync(`${root}/s1/store/replica/nats-server.pid`, "utf8"))
      yield* Effect.sync(() => process.kill(-first.pid, "SIGKILL"))
      yield* Effect.sync(() => process.kill(store, "SIGKILL"))
      const heartbeat = Effect.map(find(Lease, { namespace: "kube-node-lease", name: "worker" }), (lease) =>
        Date.parse(lease?.spec.renewTime ?? "")
      )
      const lost = Date.now()
      yield* eventually("the node reports to another", 60, on(root, 2, heartbeat), (time) => time > lost)

      const again = yield* invitation(root, 2, "--control-plane")
      yield* server(root, 4, [...again.map((word) => word.replace(`:${portOf(1)}`, `:${portOf(2)}`))])
      yield* answers(root, 4)
      const removed = yield* eventually(
        "the first is removed",
        30,
        run(root, 2, "member", "remove", "s1"),
        ({ code }) => code === 0
      )
      assert.match(removed.stdout, /s1 is no server of this cluster any more/)
      yield* eventually(
        "three endpoints again",
        20,
        on(root, 4, addresses),
        (found) => JSON.stringify(found) === ports(2, 3, 4)
      )
      const { stdout } = yield* run(root, 4, "member", "list")
      console.log(stdout)
      assert.deepStrictEqual(stdout.match(/^s\d/gm), ["s2", "s3", "s4"])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
