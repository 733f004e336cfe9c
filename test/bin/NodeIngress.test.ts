/** A package as what lets HTTP in at a node: it is told the routes, also after it was started again, and gives the place back when it goes. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Latch, Layer, Schedule, Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Nginx from "../../adapters/ingress/nginx/Nginx.ts"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as NodeIngress from "../../bin/NodeIngress.ts"
import { OwnNode } from "../../bin/OwnNode.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Settings from "../../bin/Settings.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Configuration, IngressProxy } from "../../plugins/ingress/contracts/IngressProxy.ts"
import * as Published from "../../plugins/ingress/contracts/Published.ts"
import { Attachments } from "../../plugins/packages/contracts/Attachments.ts"
import { listens } from "../../conformance/ingress-proxy/Ask.ts"
import { freePort } from "../../kernel/FreePort.ts"
import { left } from "../Left.ts"
import { Node, Secret } from "../../plugins/resources/contracts/core/v1.ts"

const routes: Configuration = { listeners: [{ port: 80, protocol: "HTTP", servers: [] }], certificates: [] }

/** A proxy that writes down what is asked of it. */
const fake = (version: string, happened: Array<string>) => {
  const note = (what: string) => Effect.sync(() => void happened.push(`${version} ${what}`))
  return IngressProxy.of({
    describe: () => Effect.succeed({ name: "fake", version }),
    sync: ({ listeners }) => note(`serves ${listeners.length}`),
    health: () => Effect.succeed({ ready: true, detail: "", restarts: 0 }),
    remove: () => note("is removed")
  })
}

const world = Effect.fnUntraced(function* (
  given: Partial<Settings.Settings> = {},
  shown = routes,
  fallback: "Fail" | "Ignore" = "Fail"
) {
  const made = yield* Layer.build(Layer.provide(ApiClient.layer, MemoryApi.layer()))
  const [objects, client] = [Context.get(made, Client), Layer.succeedContext(made)]
  yield* objects.create(Node, { metadata: { name: "n1" } })
  yield* objects.create(Secret, { metadata: Published.secret, data: Published.write(shown) })
  const home = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-ingress-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const settings = { ...Settings.defaults(), nodeName: "n1", ingress: "none" as const, ...given }
  const layer = NodeIngress.layer({ settings, paths: Paths.make(home, "n1") }, (plugin) => ({
    ...plugin,
    layer: Layer.provide(plugin.layer, client)
  })).pipe(
    Layer.provide(OwnNode.layer("n1")),
    Layer.provideMerge(Layer.merge(Plugin.Host.layer, Attachments.layer)),
    Layer.provide(client)
  )
  const services = yield* Layer.build(layer)
  const happened: Array<string> = []
  const attach = Effect.fnUntraced(function* (version: string) {
    const scope = yield* Scope.make()
    const about = { name: "fake", version, fallback, callTimeoutMillis: 1000 } as const
    const attachment = Context.get(services, Attachments).find(IngressProxy.key)
    yield* Scope.provide(attachment?.attach(fake(version, happened), about) ?? Effect.die("not taken"), scope)
    return Scope.close(scope, Exit.void)
  })
  const until = (wanted: ReadonlyArray<string>) =>
    Effect.sync(() => JSON.stringify(happened)).pipe(
      Effect.repeat({ until: (now) => now === JSON.stringify(wanted), schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("20 seconds"),
      Effect.orElseSucceed(() => assert.deepStrictEqual(happened, wanted))
    )
  const serves = (hash: string | undefined) =>
    objects.get(Node, { namespace: "", name: "n1" }).pipe(
      Effect.repeat({
        until: ({ metadata }) => metadata.annotations?.[Published.serves] === hash,
        schedule: Schedule.spaced("5 millis")
      }),
      Effect.timeout("20 seconds")
    )
  return { host: Context.get(services, Plugin.Host), attach, happened, until, serves }
})

it.live("a package serves the routes from its first version on, until the last has gone", () =>
  Effect.gen(function* () {
    const { attach, serves, until } = yield* world()
    const first = yield* attach("1.0.0")
    yield* until(["1.0.0 serves 1"])
    const second = yield* attach("2.0.0")
    yield* first
    yield* until(["1.0.0 serves 1", "2.0.0 serves 1"])
    yield* serves(Published.hashOf(routes))
    yield* second
    yield* until(["1.0.0 serves 1", "2.0.0 serves 1", "2.0.0 is removed"])
    yield* serves(undefined)
  })
)

it.live("a package that was started again is told all of it anew", () =>
  Effect.gen(function* () {
    const { attach, host, until } = yield* world()
    let kill: (cause: unknown) => Effect.Effect<unknown> = () => Effect.void
    const mortal = Layer.effectDiscard(Effect.map(Plugin.Lifeline, (die) => void (kill = die)))
    yield* host.start(Plugin.make({ name: "fake", layer: mortal }))
    yield* attach("1.0.0")
    yield* until(["1.0.0 serves 1"])
    yield* kill(new Error("the test has killed it"))
    yield* until(["1.0.0 serves 1", "1.0.0 serves 1"])
  })
)

const lacks = Nginx.find() === undefined ? ["nginx"] : []

/** A plugin that can be killed, and is started again when it is let. */
const mortal = (host: Plugin.Host["Service"]) =>
  Effect.gen(function* () {
    const start = Latch.makeUnsafe(true)
    let kill: (cause: unknown) => Effect.Effect<unknown> = () => Effect.void
    const layer = Layer.effectDiscard(
      Effect.andThen(
        start.await,
        Effect.map(Plugin.Lifeline, (die) => void (kill = die))
      )
    )
    yield* host.start(Plugin.make({ name: "fake", layer }))
    return {
      kill: Effect.andThen(
        start.close,
        Effect.suspend(() => kill(new Error("the test has killed it")))
      ),
      start
    }
  })

describe.skipIf(lacks.length > 0)(`one that does not run${left(lacks)}`, () => {
  const told = Effect.fnUntraced(function* (fallback: "Fail" | "Ignore") {
    const port = yield* freePort
    const shown: Configuration = { listeners: [{ port, protocol: "HTTP", servers: [] }], certificates: [] }
    const { attach, host, until } = yield* world({ nodeIp: "127.0.0.1", ingress: "nginx" }, shown, fallback)
    yield* attach("1.0.0")
    yield* until(["1.0.0 serves 1"])
    const { kill, start } = yield* mortal(host)
    const serves = (is: boolean) =>
      listens(port).pipe(
        Effect.repeat({ until: (now) => now === is, schedule: Schedule.spaced("5 millis") }),
        Effect.timeout("20 seconds")
      )
    yield* serves(false)
    yield* Effect.sleep("500 millis")
    assert.isFalse(yield* listens(port))
    yield* kill
    return { port, serves, start, until }
  })

  it.live("is stood in for by nginx where it lets its calls be answered by others, until it serves again", () =>
    Effect.gen(function* () {
      const { serves, start, until } = yield* told("Ignore")
      yield* serves(true)
      yield* start.open
      yield* until(["1.0.0 serves 1", "1.0.0 serves 1"])
      yield* serves(false)
    })
  )

  it.live("leaves the node without one otherwise", () =>
    Effect.gen(function* () {
      const { port } = yield* told("Fail")
      yield* Effect.sleep("1 second")
      assert.isFalse(yield* listens(port))
    })
  )
})
