/** A cloud that is a package: nodes wait for its word, a Service gets its address, and another version of it notices nothing of that. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap, Node, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { clusterOf } from "./Cluster.ts"

const example = fileURLToPath(new URL("../../examples/cloud-table/", import.meta.url))
const often = { schedule: Schedule.spaced("50 millis"), times: 1200 }
const eventually = <A, E, R>(what: string, look: Effect.Effect<A, E, R>, holds: (found: A) => boolean) =>
  Effect.retry(
    Effect.flatMap(look, (found) =>
      holds(found) ? Effect.succeed(found) : Effect.fail(new Error(`${what} did not come to be: ${JSON.stringify(found)}`))
    ),
    often
  )

const uninitialized = { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" } as const
const cloud = {
  region: "here",
  machines: { n1: {}, n2: {}, n7: { zone: "red", type: "large", addresses: ["192.0.2.7"] } },
  loadBalancerAddresses: ["198.51.100.0/28"]
}
const service = (name: string) => ({
  metadata: { namespace: "default", name },
  spec: { type: "LoadBalancer" as const, selector: { app: name }, ports: [{ port: 80, protocol: "TCP" as const }] }
})

it.live(
  "it knows the machines of nodes and makes load balancers, from one version to the next",
  () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const { client, home } = yield* clusterOf({ cloud: "package" })
      yield* client.create(ConfigMap, {
        metadata: { namespace: "kube-system", name: "machines" },
        data: { "cloud.yaml": JSON.stringify(cloud) }
      })
      yield* client.create(Node, { metadata: { name: "n7" }, spec: { taints: [uninitialized] } })
      yield* client.create(Service, service("one"))
      const versionOf = Effect.fnUntraced(function* (version: string) {
        const directory = join(home, version)
        yield* files.copy(example, directory)
        const manifest = join(directory, "keelson.json")
        const text = yield* files.readFileString(manifest)
        yield* files.writeFileString(manifest, text.replace('"version": "1.0.0"', `"version": "${version}"`))
        return { path: directory }
      })
      const key = { namespace: "", name: "cloud-table" }
      const runs = (version: string) =>
        eventually(`version ${version}`, client.get(Plugin, key), ({ status }) => status.version === version)
      yield* client.create(Plugin, { metadata: { name: key.name }, spec: { source: yield* versionOf("1.0.0") } })
      yield* runs("1.0.0")
      const node = yield* eventually(
        "the node's machine",
        client.get(Node, { namespace: "", name: "n7" }),
        ({ spec: { taints = [] } }) => !taints.some(({ key }) => key === uninitialized.key)
      )
      assert.strictEqual(node.spec.providerID, "table://n7")
      const zone = node.metadata.labels?.["topology.kubernetes.io/zone"]
      assert.deepStrictEqual([zone, node.metadata.labels?.["node.kubernetes.io/instance-type"]], ["red", "large"])
      const addressOf = (name: string) =>
        eventually(
          `an address for ${name}`,
          Effect.map(
            client.get(Service, { namespace: "default", name }),
            ({ status }) => status.loadBalancer.ingress?.[0]?.ip
          ),
          (ip) => ip !== undefined
        )
      assert.strictEqual(yield* addressOf("one"), "198.51.100.1")

      const source = yield* versionOf("1.1.0")
      yield* client.patch(Plugin, key, "merge", { spec: { source } })
      yield* runs("1.1.0")
      yield* client.create(Service, service("two"))
      assert.strictEqual(yield* addressOf("two"), "198.51.100.2")
      assert.strictEqual(yield* addressOf("one"), "198.51.100.1")
      // What it has made goes with the Service.
      yield* client.delete(Service, { namespace: "default", name: "one" })
      const books = client.list(ConfigMap, { namespace: "kube-system", labelSelector: "cloud.keelson.io/load-balancer" })
      yield* eventually("an end of the first", books, (all) => all.length === 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
  120_000
)
