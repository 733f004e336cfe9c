/** A whole cluster on Google's and on Microsoft's cloud: its nodes are machines there, a Service becomes a load balancer, and goes with it. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Schedule } from "effect"
import * as Azure from "../../conformance/adapters/azure.ts"
import * as Gcp from "../../conformance/adapters/gcp.ts"
import { Node, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { TestCluster } from "../../testing/TestCluster.ts"
import { left } from "../Left.ts"

const file = Effect.fnUntraced(function* (value: unknown) {
  const files = yield* FileSystem.FileSystem
  const path = yield* files.makeTempFileScoped({ prefix: "keelson-cloud-" })
  yield* files.writeFileString(path, JSON.stringify(value))
  return path
}, Effect.provide(NodeServices.layer))

const zoneOf = ({ metadata: { labels = {} } }: Node) => labels["topology.kubernetes.io/zone"] ?? ""
const web = { namespace: "default", name: "web" }

const providers = [
  {
    name: "gcp",
    lacks: Gcp.lacks(),
    site: Gcp.site(1),
    id: "gce://laws-project/",
    zones: ["europe-west1-b", "europe-west1-c"]
  },
  {
    name: "azure",
    lacks: Azure.lacks(),
    site: Azure.site(1),
    id: "azure:///subscriptions/",
    zones: ["westeurope-1", "westeurope-2"]
  }
] as const

/** Where a balancer sends traffic, as each cloud has it: an endpoint of a group, an address of a pool. */
const isTarget = (part: string) => / to node-|"ipAddress"/.test(part)

for (const { id, lacks, name, site, zones } of providers)
  describe.skipIf(lacks.length > 0)(`${name}${left(lacks)}`, () => {
    it.live(
      "a Service becomes a balancer that follows, and leaves nothing",
      () =>
        Effect.gen(function* () {
          const { bed, configuration } = yield* site
          const nothing = yield* bed.inventory
          yield* bed.launch("node-1", 0)
          yield* bed.launch("node-2", 1)
          const { client, until } = yield* TestCluster.make({
            nodes: 2,
            cloud: name,
            cloudConfig: yield* file(configuration)
          })
          const nodes = yield* until(
            Node,
            (all) => all.length === 2 && all.every(({ spec }) => (spec.taints ?? []).length === 0)
          )
          assert.deepStrictEqual(nodes.map(zoneOf).toSorted(), [...zones])
          assert.isTrue(nodes.every(({ spec }) => (spec.providerID ?? "").startsWith(id)))
          const sends = (count: number) =>
            bed.inventory.pipe(
              Effect.map((all) => all.filter(isTarget).length),
              Effect.filterOrFail(
                (found) => found === count,
                (found) => new Error(`${found} targets`)
              ),
              Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 300 })
            )
          const ports = [{ name: "http", port: 80, nodePort: 30080 }]
          yield* client.create(Service, { metadata: web, spec: { type: "LoadBalancer", ports } })
          yield* until(Service, (all) =>
            all.some(({ metadata, status }) => metadata.name === "web" && status.loadBalancer.ingress?.[0]?.ip !== undefined)
          )
          yield* sends(2)
          yield* client.patch(Node, { namespace: "", name: "node-2" }, "merge", {
            metadata: { labels: { "node.kubernetes.io/exclude-from-external-load-balancers": "true" } }
          })
          yield* sends(1)
          yield* client.delete(Service, web)
          yield* until(Service, (all) => all.every(({ metadata }) => metadata.name !== "web"))
          assert.deepStrictEqual(yield* bed.inventory, nothing)
        }),
      120_000
    )
  })
