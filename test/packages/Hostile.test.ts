/**
 * What hostile plugins look like to whoever runs the cluster: each death and each refusal stands in `kubectl get plugins` and in Events, and
 * the API answers meanwhile. Which level withstands what is tried cell by cell in test/plugin/Hostile.test.ts.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import { pluginStrategy } from "../../plugins/packages/Kinds.ts"
import { Plugin, PluginConfiguration } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap, Event, Namespace } from "../../plugins/resources/contracts/core/v1.ts"
import * as Levels from "../plugin/Levels.ts"
import { cluster } from "./Cluster.ts"

const manifestOf = (name: string, isolation: string) => ({
  name,
  version: "1.0.0",
  module: "plugin.ts",
  offers: [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }],
  isolation,
  resources: { memoryMiB: 160 },
  life: { deaths: 100, failures: 8, silentSeconds: 2, messagesPerSecond: 5000 }
})

/** Is asked about ConfigMaps, and does what their names say. */
const code = `
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { parentPort } from "node:worker_threads"
import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"
const kept = []
const attacks = {
  throws: () => { throw new Error("ouch") },
  rejects: () => Effect.callback(() => { Promise.reject(new Error("ouch")) }),
  exits: () => process.exit(3),
  spins: () => { for (;;); },
  heap: () => { for (;;) kept.push(Array.from({ length: 100_000 }, (_, at) => ({ at }))) },
  buffers: () => Effect.callback(() => { setInterval(() => kept.push(Buffer.alloc(32 * 2 ** 20, 1)), 5) }),
  floods: () => { for (;;) parentPort.postMessage(["", [{ _tag: "pong", memory: 0 }]]) },
  reads: () => { readFileSync("/etc/shadow") },
  forks: () => Effect.callback((resume) => {
    spawn("/usr/bin/sleep", ["5"]).once("error", (error) => resume(Effect.die(error))).once("spawn", () => resume(Effect.void))
  }),
  connects: () => Effect.callback((resume) => {
    connect({ host: "127.0.0.2", port: 9 }).once("error", (error) => resume(Effect.die(error))).once("connect", () => resume(Effect.void))
  })
}
const validate = ({ name }) => Effect.suspend(() => attacks[name]?.() ?? Effect.void)
const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }]
export const plugin = AdmissionPlugin.make({ name: "hostile", rules, validate })
`

interface Attack {
  readonly how: string
  readonly reason: RegExp
}
const deaths: { readonly [level: string]: ReadonlyArray<Attack> } = {
  worker: [
    { how: "rejects", reason: /ouch|ended/ },
    { how: "spins", reason: /has not answered for 2000 ms/ },
    { how: "floods", reason: /more than 5000 messages a second|has not answered/ },
    { how: "throws", reason: /it left 8 calls in a row without an answer/ }
  ],
  process: [
    { how: "exits", reason: /its process has ended with code 3/ },
    { how: "heap", reason: /memory|its process|has not answered/ }
  ],
  sandbox: [{ how: "buffers", reason: /memory|ended by SIGKILL/ }]
}
/** What is not there for it: the call fails with the reason. */
const refusals: { readonly [level: string]: ReadonlyArray<Attack> } = {
  sandbox: [
    { how: "reads", reason: /shadow/ },
    { how: "forks", reason: /permission|restricted|EAGAIN|ENOENT|run access/ },
    { how: "connects", reason: /ECONNREFUSED|ENETUNREACH|net access/ }
  ]
}

const story = Effect.fnUntraced(function* (levels: ReadonlyArray<string>) {
  const { client, home } = yield* cluster
  const files = yield* FileSystem.FileSystem
  const until = <A>(what: string, look: Effect.Effect<A | undefined, unknown>) =>
    Effect.retry(
      Effect.flatMap(look, (found) => (found === undefined ? Effect.fail(new Error(what)) : Effect.succeed(found))),
      { schedule: Schedule.spaced("50 millis"), times: 1200 }
    )
  const told = (name: string, reason: string, message: RegExp) =>
    until(
      `no Event ${reason} of ${name} says ${message}`,
      Effect.map(client.list(Event, { fieldSelector: `involvedObject.name=${name},reason=${reason}` }), (events) =>
        events.find((event) => message.test(event.message ?? ""))
      )
    )
  const row = (plugin: Plugin) => pluginStrategy.columns?.map(({ value }) => String(value(plugin, Date.now()))).join(" | ")

  const rows: Array<string> = []
  for (const level of levels) {
    const [name, directory] = [`hostile-${level}`, join(home, level)]
    yield* files.makeDirectory(directory)
    yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifestOf(name, level)))
    yield* files.writeFileString(join(directory, "plugin.ts"), code)
    yield* client.create(PluginConfiguration, { metadata: { name }, spec: { callTimeoutMillis: 4000 } })
    yield* client.create(Plugin, { metadata: { name }, spec: { source: { path: directory } } })
    const now = client.get(Plugin, { namespace: "", name })
    const answers = until(
      `${name} does not answer again`,
      client.create(ConfigMap, { metadata: { namespace: "default", generateName: "fine-" } })
    )
    yield* until(
      `${name} does not run`,
      Effect.map(now, ({ status }) => (status.state === "Running" ? true : undefined))
    )
    /** Again and again: it may be about to be started again. */
    const attack = (how: string) =>
      Effect.forever(Effect.ignore(client.create(ConfigMap, { metadata: { namespace: "default", name: how } })))

    for (const { how, reason } of refusals[level] ?? []) {
      const error = yield* Effect.flip(client.create(ConfigMap, { metadata: { namespace: "default", name: how } }))
      assert.match(error.message, reason)
    }
    for (const { reason } of refusals[level] ?? []) yield* told(name, "CallsFailed", reason)
    const refused = refusals[level]?.at(-1)
    if (refused !== undefined) assert.match((yield* now).status.lastError ?? "", refused.reason)
    for (const { how, reason } of deaths[level] ?? []) {
      const attacking = yield* Effect.forkScoped(attack(how))
      yield* told(name, "Died", reason)
      yield* Fiber.interrupt(attacking)
      // What it is asked about waits; all else does not notice.
      yield* client.list(Namespace)
      yield* answers
    }
    const died = (deaths[level] ?? []).length
    const object = yield* until(
      `${name} was not started again ${died} times`,
      Effect.map(now, (plugin) => ((plugin.status.restarts ?? 0) >= died ? plugin : undefined))
    )
    assert.match(row(object) ?? "", deaths[level]?.at(-1)?.reason ?? /^$/)
    rows.push(row(object) ?? "")
    yield* client.delete(Plugin, { namespace: "", name })
    yield* until(`${name} goes on`, client.create(ConfigMap, { metadata: { namespace: "default", generateName: "after-" } }))
  }
  yield* Effect.log(`as kubectl get plugins -o wide shows them:\n${rows.join("\n")}`)
})

describe("hostile plugins in a cluster", () => {
  const able = Levels.plain.filter(({ isolation, lacks }) => isolation in deaths && lacks.length === 0)
  const left = Levels.plain.filter(({ isolation, lacks }) => isolation in deaths && lacks.length > 0)
  const without = left.length === 0 ? "" : `, left out: ${left.map(({ title }) => title).join(", ")}`
  it.live(
    `show in their objects and in Events what they did, and nobody else notices${without}`,
    () => story(able.map(({ isolation }) => isolation)).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
