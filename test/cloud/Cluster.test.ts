/** A whole cluster in a cloud: nodes know their zones, and Pods spread over them; on AWS its objects become balancers, and go with them. */
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Aws from "../../conformance/adapters/aws.ts"
import { CloudBed } from "../../conformance/cloud/Bed.ts"
import * as Moto from "../../conformance/stage/Moto.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { Ingress } from "../../plugins/resources/contracts/networking/v1.ts"
import { TestCluster } from "../../testing/TestCluster.ts"
import { left } from "../Left.ts"

const at = (name: string) => ({ namespace: "default", name })
const zoneOf = ({ metadata: { labels = {} } }: Node) => labels["topology.kubernetes.io/zone"] ?? ""

const file = Effect.fnUntraced(function* (text: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* files.makeTempFileScoped({ prefix: "keelson-cloud-" })
  yield* files.writeFileString(path, text)
  return path
}, Effect.provide(NodeServices.layer))

describe("the local cloud", () => {
  it.effect("labels nodes with their zones, and a Deployment spreads over them", () =>
    Effect.gen(function* () {
      const machines = ["a", "a", "a", "b", "b", "c"].map((zone, index) => `  node-${index + 1}: { zone: ${zone} }`)
      const cloudConfig = yield* file(`region: home\nmachines:\n${machines.join("\n")}\n`)
      const { client, until } = yield* TestCluster.make({ nodes: 6, seed: "zones", cloudConfig })
      const nodes = yield* until(Node, (all) => all.length === 6 && all.every((node) => zoneOf(node) !== ""))
      assert.isTrue(nodes.every(({ metadata: { labels = {} } }) => labels["topology.kubernetes.io/region"] === "home"))
      const labels = { app: "web" }
      const spread = {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: labels }
      }
      yield* client.create(Deployment, {
        metadata: at("web"),
        spec: {
          replicas: 9,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: "web", image: "web" }], topologySpreadConstraints: [spread] }
          }
        }
      })
      const pods = yield* until(Pod, (all) => all.length === 9 && all.every(({ status }) => status.phase === "Running"))
      const zones = new Map(nodes.map((node) => [node.metadata.name, zoneOf(node)]))
      const counts = Map.groupBy(pods, ({ spec }) => zones.get(spec.nodeName ?? ""))
      assert.deepStrictEqual(
        ["a", "b", "c"].map((zone) => counts.get(zone)?.length),
        [3, 3, 3]
      )
    })
  )
})

const lacks = Moto.lacks()
const configuration = Effect.gen(function* () {
  const about = { region: "us-east-1", endpoint: (yield* Moto.start).href }
  const client = new EC2Client(about)
  const { Subnets = [] } = yield* Effect.tryPromise(() => client.send(new DescribeSubnetsCommand({})))
  client.destroy()
  return yield* file(JSON.stringify({ ...about, subnets: Subnets.slice(0, 2).map(({ SubnetId }) => SubnetId) }))
})

describe.skipIf(lacks.length > 0)(`AWS, as moto plays it${left(lacks)}`, () => {
  it.live(
    "a Service and an Ingress become balancers that follow, and leave nothing",
    () =>
      Effect.gen(function* () {
        const { inventory, launch } = yield* CloudBed
        const nothing = yield* inventory
        yield* launch("node-1", 0)
        yield* launch("node-2", 1)
        const { client, until } = yield* TestCluster.make({ nodes: 2, cloud: "aws", cloudConfig: yield* configuration })
        const nodes = yield* until(
          Node,
          (all) => all.length === 2 && all.every(({ spec }) => (spec.taints ?? []).length === 0)
        )
        assert.deepStrictEqual(nodes.map(zoneOf).toSorted(), ["us-east-1a", "us-east-1b"])
        assert.isTrue(nodes.every(({ spec }) => (spec.providerID ?? "").startsWith("aws:///us-east-1")))
        const holds = (what: string, count: number) =>
          inventory.pipe(
            Effect.map((all) => all.filter((one) => one.startsWith(what)).length),
            Effect.filterOrFail(
              (found) => found === count,
              (found) => new Error(`${found} of ${what}`)
            ),
            Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 300 })
          )
        const ports = [{ name: "http", port: 80, nodePort: 30080 }]
        yield* client.create(Service, { metadata: at("web"), spec: { type: "LoadBalancer", ports } })
        const backend = { service: { name: "web", port: { name: "http" } } }
        const rules = [{ host: "shop.example", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }]
        yield* client.create(Ingress, { metadata: at("shop"), spec: { ingressClassName: "alb", rules } })
        yield* until(Service, (all) =>
          all.some(({ status }) => status.loadBalancer.ingress?.[0]?.hostname?.endsWith("elb.amazonaws.com") === true)
        )
        yield* until(Ingress, (all) => all.every(({ status }) => (status.loadBalancer.ingress ?? []).length === 1))
        yield* holds("load balancer", 2)
        yield* holds("listener", 2)
        yield* holds("target i-", 4)
        yield* client.patch(Node, { namespace: "", name: "node-2" }, "merge", {
          metadata: { labels: { "node.kubernetes.io/exclude-from-external-load-balancers": "true" } }
        })
        yield* holds("target i-", 2)
        yield* client.delete(Ingress, at("shop"))
        yield* client.delete(Service, at("web"))
        yield* until(Ingress, (all) => all.length === 0)
        yield* until(Service, (all) => all.every(({ metadata }) => metadata.name !== "web"))
        assert.deepStrictEqual(yield* inventory, nothing)
      }).pipe(Effect.provide(Aws.layer())),
    240_000
  )
})
