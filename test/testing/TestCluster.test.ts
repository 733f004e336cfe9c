/** The authors' kit: a whole cluster in a test, on the test's own time. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { join, resolve } from "node:path"
import { TestCluster } from "keelson/testing"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { CronJob, Job } from "../../plugins/resources/contracts/batch/v1.ts"
import { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap, Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"

const examples = resolve(import.meta.dirname, "..", "..", "examples")
const template = (app: string) => ({ metadata: { labels: { app } }, spec: { containers: [{ name: "c", image: "i" }] } })
const isReady = ({ status: { conditions = [] } }: Pod | Node) =>
  conditions.some(({ status, type }) => type === "Ready" && status === "True")

describe("a cluster in a test", () => {
  it.effect("places the Pods of a Deployment on its nodes and runs them", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make({ nodes: 3, seed: "spread" })
      yield* cluster.until(Node, (nodes) => nodes.length === 3 && nodes.every(isReady))
      yield* cluster.client.create(Deployment, {
        metadata: { name: "web", namespace: "default" },
        spec: { replicas: 6, selector: { matchLabels: { app: "web" } }, template: template("web") }
      })
      const pods = yield* cluster.until(Pod, (all) => all.length === 6 && all.every(isReady))
      assert.strictEqual(new Set(pods.map(({ spec }) => spec.nodeName)).size, 3)
    })
  )

  it.effect("lets minutes of a CronJob pass in a moment", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make()
      const before = yield* Clock.currentTimeMillis
      yield* cluster.client.create(CronJob, {
        metadata: { name: "tick", namespace: "default" },
        spec: {
          schedule: "*/2 * * * *",
          successfulJobsHistoryLimit: 10,
          jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } } }
        }
      })
      yield* cluster.advance("6 minutes")
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 360_000)
      const jobs = yield* cluster.until(Job, (all) => all.length >= 3, "0 seconds")
      assert.strictEqual(jobs.length, 3)
    })
  )

  it.effect("lets time pass while somebody waits for it, and none while it starts", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      const before = yield* Clock.currentTimeMillis
      const cluster = yield* TestCluster.make({ nodes: 0 })
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      yield* cluster.meanwhile(Effect.sleep("1 minute"))
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 60_000)
    })
  )

  it.effect("loads a plugin from its directory, and says why when it does not run", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make()
      yield* cluster.load(join(examples, "admission-team"), { isolation: "in-process" })
      const pod = (labels: Record<string, string>) => ({
        metadata: { name: "a", namespace: "default", labels },
        spec: template("a").spec
      })
      const refused = yield* Effect.flip(cluster.client.create(Pod, pod({})))
      assert.strictEqual(refused.message, 'pods "a" is forbidden: it has no label team')
      const made = yield* cluster.client.create(Pod, pod({ team: "blue" }))
      assert.strictEqual(made.metadata.labels?.["asked-by"], "kubernetes-admin")
      const missing = yield* Effect.flip(cluster.load(join(examples, "runtime-go")))
      assert.match(missing.message, /runtime-go does not run: .*a package is a directory with a keelson\.json/)
    })
  )

  it.effect("says in which line of a plugin it went wrong", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-faulty-" })
      const offers = [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }]
      const manifest = { name: "faulty", version: "1.0.0", module: "plugin.ts", offers }
      yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifest))
      yield* files.writeFileString(
        join(directory, "plugin.ts"),
        [
          "interface Options {",
          "  readonly label?: string",
          "}",
          "export const plugin = (_: Options) => {",
          '  throw new Error("no label")',
          "}"
        ].join("\n")
      )
      const cluster = yield* TestCluster.make({ nodes: 0 })
      const { message } = yield* Effect.flip(cluster.load(directory))
      assert.match(message, /keelson-faulty-\w+ does not run: .*no label \(plugin\.ts:5:9\)$/)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("names the plugin, and the line, that a call went wrong in", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-faulty-" })
      const offers = [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }]
      const manifest = { name: "faulty", version: "1.0.0", module: "plugin.ts", offers }
      yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifest))
      yield* files.writeFileString(
        join(directory, "plugin.ts"),
        [
          'import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"',
          'const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }]',
          "const validate = (): never => {",
          '  throw new Error("no label")',
          "}",
          'export const plugin = AdmissionPlugin.make({ name: "faulty", rules, validate })'
        ].join("\n")
      )
      const cluster = yield* TestCluster.make({ nodes: 0 })
      yield* cluster.load(directory)
      const create = cluster.client.create(ConfigMap, { metadata: { namespace: "default", name: "one" } })
      const { message } = yield* Effect.flip(cluster.meanwhile(create))
      assert.match(message, /the admission plugin faulty did not answer: .*: no label \(plugin\.ts:4:9\)$/)
      const isTold = ({ status }: Plugin) => status.lastError !== undefined
      const shown = (yield* cluster.until(Plugin, (all) => all.some(isTold), "1 minute")).find(isTold)
      assert.match(shown?.status.lastError ?? "", /no label \(plugin\.ts:4:9\)$/)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("says what it found when something does not come to be", () =>
    Effect.gen(function* () {
      const cluster = yield* TestCluster.make({ nodes: 0 })
      const { message } = yield* Effect.flip(cluster.until(Node, (all) => all.length > 0, "2 seconds"))
      assert.strictEqual(message, "nodes did not come to be as they should within 2s: []")
    })
  )
})
