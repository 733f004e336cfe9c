/** What a package may do in the API: what its manifest says and nothing else, at every version, and for as long as it runs. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option } from "effect"
import { join } from "node:path"
import { Plugin } from "../../../plugins/packages/contracts/v1alpha1.ts"
import { ClusterRole } from "../../../plugins/resources/contracts/rbac/v1.ts"
import * as Asking from "./Asking.ts"

const name = "lister"
/** `/plugins/lister/PLURAL`: how many there are of them, or why it may not know. */
const module = `
import { Effect } from "effect"
import * as RoutesPlugin from "keelson/apiserver/RoutesPlugin"
import { Client } from "keelson/kernel/client/Client"
import { ConfigMap, Secret } from "keelson/resources/core/v1"
const kinds = { configmaps: ConfigMap, secrets: Secret }
export const plugin = RoutesPlugin.make({
  name: "${name}",
  routes: {
    "/plugins/${name}": ({ path }) =>
      Effect.gen(function* () {
        const client = yield* Client
        const all = yield* client.list(kinds[path.split("/").at(-1)])
        return { body: String(all.length) }
      }).pipe(Effect.catch((error) => Effect.succeed({ code: 403, body: error.message })))
  }
})
`
const broken = 'throw new Error("it does not start")'

const packaged = Effect.fnUntraced(function* (
  home: string,
  version: string,
  resources: ReadonlyArray<string>,
  text = module
) {
  const files = yield* FileSystem.FileSystem
  const directory = join(home, version)
  const manifest = {
    ...{ name, version, module: "plugin.ts" },
    offers: [{ contract: "apiserver/RoutePoints", version: "^1.0.0" }],
    needs: [{ contract: "kernel/Api", version: "^1.0.0" }],
    permissions: { rules: resources.map((one) => ({ apiGroups: [""], resources: [one], verbs: ["list"] })) }
  }
  yield* files.makeDirectory(directory)
  yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify(manifest))
  yield* files.writeFileString(join(directory, "plugin.ts"), text)
  return directory
})

const denied = (resource: string) =>
  `${resource} is forbidden: User "system:plugin:${name}" cannot list resource "${resource}" in API group "" at the cluster scope`

const story = Effect.fnUntraced(function* (isolation: string) {
  const home = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "keelson-permissions-" })
  const { ask, client } = yield* Asking.make
  const listed = (resource: string) => ask({ path: `/plugins/${name}/${resource}` })
  const may = (resource: string) => Asking.until(`may list ${resource}`, listed(resource), ({ code }) => code === 200)
  const mayNot = Effect.fnUntraced(function* (resource: string) {
    const answer = yield* Asking.until(`may not list ${resource}`, listed(resource), ({ code }) => code === 403)
    assert.include(answer.text, denied(resource))
  })
  const becomes = Effect.fnUntraced(function* (path: string) {
    yield* client.patch(Plugin, { namespace: "", name }, "merge", { spec: { source: { path }, isolation } })
  })
  const first = yield* packaged(home, "1.0.0", ["configmaps"])
  yield* client.create(Plugin, { metadata: { name }, spec: { source: { path: first }, isolation } })
  yield* may("configmaps")
  yield* mayNot("secrets")
  yield* becomes(yield* packaged(home, "2.0.0", ["secrets"]))
  yield* may("secrets")
  yield* mayNot("configmaps")

  // What cannot start takes no rights away, and brings none.
  yield* becomes(yield* packaged(home, "3.0.0", ["configmaps"], broken))
  const role = { namespace: "", name: `system:plugin:${name}` }
  yield* Asking.until("says why", ask({ path: `/apis/plugins.keelson.io/v1alpha1/plugins/${name}` }), ({ text }) =>
    text.includes("it does not start")
  )
  yield* mayNot("configmaps")
  yield* may("secrets")

  yield* becomes(yield* packaged(home, "4.0.0", []))
  yield* mayNot("secrets")
  yield* client.delete(Plugin, { namespace: "", name })
  yield* Effect.repeat(client.find(ClusterRole, role), { until: Option.isNone, schedule: Asking.pause })
})

describe("the permissions of a package", () => {
  for (const isolation of ["in-process", "worker"])
    it.live(
      `are kept to as ${isolation}`,
      () => story(isolation).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
      120_000
    )
})
