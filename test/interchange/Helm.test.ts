/** Helm as it is, versions 3 and 4: a chart of 20 objects, one of them of a kind that the chart brings, and hooks. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import * as Machine from "../e2e/Machine.ts"
import * as ApiServer from "./ApiServer.ts"

const chart = join(import.meta.dirname, "chart")

/** By these names on the PATH or in ~/.cache/keelson/bin: `go install helm.sh/helm/v4/cmd/helm@latest`, and renamed. */
const versions = ["helm3", "helm4"]
const lacks = ["kubectl", ...versions].filter((name) => Program.find(name) === undefined)
const title = lacks.length === 0 ? "" : ` (this machine lacks ${lacks.join(", ")})`

describe.skipIf(lacks.length > 0)(`Helm${title}`, () => {
  it.live.each(versions)("%s installs, upgrades, rolls back and uninstalls", (version) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { directory, kubeconfig } = yield* ApiServer.start
        const env = {
          ...{ KUBECONFIG: kubeconfig, HELM_CACHE_HOME: join(directory, "cache") },
          ...{ HELM_CONFIG_HOME: join(directory, "config"), HELM_DATA_HOME: join(directory, "data") }
        }
        const run = Effect.fnUntraced(function* (program: string, ...args: ReadonlyArray<string>) {
          const ended = yield* Machine.run(Program.find(program) ?? program, args, { env })
          assert.strictEqual(ended.code, 0, `${program} ${args.join(" ")}: ${ended.stdout}${ended.stderr}`)
          return ended.stdout.trim()
        })
        const helm = (...args: ReadonlyArray<string>) => run(version, ...args, "--namespace", "charts")
        const kubectl = (...args: ReadonlyArray<string>) => run("kubectl", "--namespace", "charts", ...args)
        const values = Effect.gen(function* () {
          const map = yield* kubectl("get", "configmap", "rel-3", "-o", "jsonpath={.data.value}")
          const thing = yield* kubectl("get", "thing", "rel", "-o", "jsonpath={.spec.value}")
          const replicas = yield* kubectl("get", "deployment", "rel", "-o", "jsonpath={.spec.replicas}")
          return [map, thing, replicas]
        })
        yield* helm("install", "rel", chart, "--create-namespace")
        assert.deepStrictEqual(yield* values, ["one", "one", "1"])
        yield* helm("upgrade", "rel", chart, "--set", "value=two", "--set", "replicas=3")
        assert.deepStrictEqual(yield* values, ["two", "two", "3"])
        yield* helm("rollback", "rel", "1")
        assert.deepStrictEqual(yield* values, ["one", "one", "1"])
        assert.include(yield* helm("history", "rel"), "Rollback to 1")
        yield* helm("uninstall", "rel")
        const kinds = "configmap,service,deployment,role,rolebinding,secret,poddisruptionbudget,thing"
        const left = (yield* kubectl("get", kinds, "-o", "name")).split("\n").toSorted()
        const hooks = ["post-delete", "post-install", "post-upgrade", "pre-install", "pre-rollback", "pre-upgrade"]
        assert.deepStrictEqual(
          left,
          hooks.map((hook) => `configmap/hook-${hook}`)
        )
      })
    )
  )
})
