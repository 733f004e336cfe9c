/** The parts of nodes are swapped while they serve: not one request fails, and nothing of the part before is left. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Program from "../../adapters/Program.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, Node, Service } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import { asking, under } from "./Load.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

const nodes = [Cluster.nodeName, `${Cluster.nodeName}-2`]
const labels = { app: "steady" }
const deployment = {
  metadata: at("steady"),
  spec: {
    replicas: 4,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: labels }
          }
        ],
        containers: [{ ...container(Images.web(1)), readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }]
      }
    }
  }
}
const service = { metadata: at("steady"), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }

/** Has a node take another part, and waits until it says that it has. */
const swap = (node: string, part: string, to: string) =>
  Effect.gen(function* () {
    const client = yield* Client
    const told = Effect.map(list(Event, { namespace: "default" }), (all) =>
      all.filter(({ involvedObject, message = "" }) => involvedObject.name === node && message.includes(` is ${to} now`))
    )
    const before = (yield* told).reduce((sum, { count = 1 }) => sum + count, 0)
    const annotations = { [`keelson.io/${part}`]: to }
    yield* client.patch(Node, { namespace: "", name: node }, "merge", { metadata: { annotations } })
    yield* eventually(`${part} of ${node} is ${to}`, 15, told, (all) => {
      return all.reduce((sum, { count = 1 }) => sum + count, 0) > before
    })
    yield* Effect.sleep("1 second")
  })

const everywhere = (part: string, to: string) => Effect.forEach(nodes, (node) => swap(node, part, to), { discard: true })

const clusterIp = Effect.map(
  Effect.flatMap(Client, (client) => client.get(Service, at("steady"))),
  ({ spec }) => spec.clusterIP ?? ""
)

const sound = (what: string, load: Effect.Success<ReturnType<typeof under>>) => {
  console.log(`${what}: ${JSON.stringify(load)}`)
  assert.deepStrictEqual(load.failed, [])
  assert.isAbove(load.sent, load.seconds * 20)
}

const coredns = Program.find("coredns") === undefined ? ["coredns"] : []

describe.skipIf(Machine.missing.length > 0)(`swaps under requests${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Cluster.layer({ nodes: 2 }), { timeout: "240 seconds" })((it) => {
      it.effect("an application runs on both nodes", () =>
        Effect.gen(function* () {
          const client = yield* Client
          yield* client.create(Service, service)
          yield* client.create(Deployment, deployment)
          yield* eventually("all are ready", 60, podsOf("steady"), (pods) => pods.filter(isReady).length === 4)
        })
      )
      it.effect("nftables, iptables, nftables", () =>
        Effect.gen(function* () {
          const { run } = yield* Cluster.Cluster
          const url = `http://${yield* clusterIp}/`
          const rules = Effect.map(run("nft", ["list", "tables"]), ({ stdout }) => stdout)
          const there = Effect.gen(function* () {
            yield* everywhere("service-proxy", "iptables")
            const { stdout } = yield* run("iptables-save", ["-t", "nat"])
            assert.include(stdout, "KUBE-SERVICES")
            assert.notInclude(yield* rules, "keelson-proxy")
          })
          sound("to iptables", yield* under(url, there))
          sound("to nftables", yield* under(url, everywhere("service-proxy", "nftables")))
          assert.notInclude((yield* run("iptables-save", [])).stdout, "KUBE-")
          assert.include(yield* rules, "keelson-proxy")
        })
      )
      it.effect.skipIf(coredns.length > 0)(`the built-in DNS server, CoreDNS, and back${Machine.left(coredns)}`, () =>
        Effect.gen(function* () {
          const name = "steady.default.svc.cluster.local"
          const isCoreDns = ({ command }: Machine.Process) => /(^|\/)coredns /.test(command)
          const { dataDir } = yield* Site.Site
          const running = () => Machine.processes().filter((one) => isCoreDns(one) && one.command.includes(dataDir)).length
          const there = Effect.gen(function* () {
            yield* everywhere("dns", "coredns")
            assert.strictEqual(running(), 2)
          })
          sound("to CoreDNS", yield* asking("10.96.0.10", name, there))
          sound("to the built-in server", yield* asking("10.96.0.10", name, everywhere("dns", "builtin")))
          assert.strictEqual(running(), 0)
        })
      )
      it.effect("bridge, Flannel, bridge, node by node", () =>
        Effect.gen(function* () {
          const { run } = yield* Cluster.Cluster
          const url = `http://${yield* clusterIp}/`
          sound("to Flannel, vxlan", yield* under(url, everywhere("network", "flannel-vxlan")))
          assert.include((yield* run("ip", ["-brief", "link"])).stdout, "flannel.1")
          sound("to Flannel, host-gw", yield* under(url, everywhere("network", "flannel-host-gw")))
          sound("to the bridge", yield* under(url, everywhere("network", "bridge")))
          assert.notInclude((yield* run("ip", ["-brief", "link"])).stdout, "flannel.1")
        })
      )
      it.effect("Ctrl-C ends it all, and nothing is left but the data", () =>
        Effect.gen(function* () {
          const { interrupt } = yield* Cluster.Cluster
          assert.include([0, 130], yield* interrupt)
          const { remains } = yield* Site.Site
          assert.deepStrictEqual(yield* remains, Site.nothing)
        })
      )
    })
  })
})
