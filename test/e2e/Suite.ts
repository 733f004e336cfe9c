/** The end-to-end tests of one kind of cluster: what it must do, and that nothing of it is left. */
import { afterEach, assert, describe, layer, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, isReady } from "./Eventually.ts"
import { flow } from "./Flow.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

export type It = Vitest.MethodsNonLive<Cluster.Cluster | Client | Site.Site>

/** With a port of the machine, so that chains for it are there too. */
const running = {
  metadata: at("running"),
  spec: {
    terminationGracePeriodSeconds: 2,
    containers: [
      {
        ...container(Images.web(1)),
        ports: [{ containerPort: 8080, hostPort: 18080 }],
        volumeMounts: [{ name: "memory", mountPath: "/memory" }]
      }
    ],
    volumes: [{ name: "memory", emptyDir: { medium: "Memory" } }]
  }
}

/** A Pod with all that a node makes for one. */
export const run = Effect.gen(function* () {
  const client = yield* Client
  const cluster = yield* Cluster.Cluster
  const { address, dataDir } = yield* Site.Site
  yield* client.create(Pod, running)
  yield* eventually("running is ready", 30, find(Pod, at("running")), isReady)
  yield* eventually("its port answers", 10, cluster.fetch(`http://${address}:18080/`), (text) => text === "running v1")
  const asked = [Cluster.keelson, "store", "get", "/pods/default/running", "--data-dir", dataDir]
  const { stdout } = yield* cluster.run(process.execPath, asked)
  assert.include(stdout, "  name: running")
})

/** Nothing of the cluster is on the machine but its data. */
export const onlyData = Effect.gen(function* () {
  const { dataDir, remains } = yield* Site.Site
  assert.deepStrictEqual(yield* remains, Site.nothing)
  assert.isTrue(existsSync(join(dataDir, "store")))
})

export const down = (...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { dataDir } = yield* Site.Site
    const cluster = yield* Cluster.Cluster
    const all = [Cluster.keelson, "down", "--data-dir", dataDir, "--node-name", Cluster.nodeName, ...flags]
    const { code, stderr } = yield* cluster.run(process.execPath, all)
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
  })

/** Ctrl-C, then nothing but the data is there; then not even that. */
const end = (it: It) => {
  it.effect("Ctrl-C ends it, with what runs in it", () =>
    Effect.gen(function* () {
      const { interrupt } = yield* Cluster.Cluster
      yield* run
      assert.include([0, 130], yield* interrupt)
    })
  )
  it.effect("nothing of it is left but its data", () => onlyData)
  it.effect("down --purge removes that too", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* Site.Site
      yield* down("--purge")
      assert.isFalse(existsSync(dataDir))
    })
  )
}

/** `lacks`: what this kind of cluster needs, and the machine has not. */
export const suite = (
  name: string,
  options: Cluster.Options,
  more: (it: It) => void = () => undefined,
  lacks: ReadonlyArray<string> = []
) => {
  const missing = [...Machine.missing, ...lacks]
  return describe.skipIf(missing.length > 0)(`${name}${Machine.left(missing)}`, () => {
    afterEach(({ task }) => {
      if (task.result?.state === "fail")
        console.log(`what the cluster said before "${task.name}" failed:\n${Cluster.story.of()}`)
    })
    layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
      it.layer(Cluster.layer(options), { timeout: "150 seconds" })((it) => {
        flow(it)
        more(it)
        end(it)
      })
    })
  })
}
