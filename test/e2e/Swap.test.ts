/** The parts of nodes are swapped while they serve: not one request fails, and nothing of the part before is left. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import * as Nginx from "../../adapters/ingress/nginx/Nginx.ts"
import * as Program from "../../adapters/Program.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { Ingress } from "../../plugins/resources/contracts/networking/v1.ts"
import { RuntimeClass } from "../../plugins/resources/contracts/node/v1.ts"
import * as Go from "../Go.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, firstStatus, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import { asking, holding, under, writing } from "./Load.ts"
import * as Machine from "./Machine.ts"
import * as Packages from "./Packages.ts"
import * as Transcript from "../packages/Transcript.ts"
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
        containers: [
          { ...container(Images.web(1)), readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } },
          { ...container(Images.tools), name: "echo", command: ["busybox", "nc", "-ll", "-p", "9000", "-e", "cat"] }
        ]
      }
    }
  }
}
const ports = [
  { name: "web", port: 80, targetPort: 8080 },
  { name: "echo", port: 9000, targetPort: 9000 }
]
const service = { metadata: at("steady"), spec: { selector: labels, ports } }

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

/** What the flags say is wished again: over an annotation no package takes a place. */
const noWishes = Effect.gen(function* () {
  const client = yield* Client
  const annotations = { "keelson.io/service-proxy": null, "keelson.io/dns": null, "keelson.io/ingress": null }
  yield* Effect.forEach(nodes, (name) => client.patch(Node, { namespace: "", name }, "merge", { metadata: { annotations } }))
})

const clusterIp = Effect.map(
  Effect.flatMap(Client, (client) => client.get(Service, at("steady"))),
  ({ spec }) => spec.clusterIP ?? ""
)

const sound = (what: string, load: Effect.Success<ReturnType<typeof under>>) => {
  console.log(`${what}: ${JSON.stringify(load)}`)
  assert.deepStrictEqual(load.failed, [])
  assert.isAbove(load.sent, load.seconds * 20)
}

const ingressOf = { metadata: at("steady"), spec: { defaultBackend: { service: { name: "steady", port: { number: 80 } } } } }

const nothing: Effect.Success<ReturnType<typeof under>> = { sent: 0, failed: [], versions: {}, seconds: 0 }

const nodeReadme = "plugins/packages/node/README.md"
const kubectl = Machine.has("kubectl") ? [] : ["kubectl"]
const goLacks = Go.lacking()
const nginx = Nginx.find() === undefined ? ["nginx"] : []
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
      it.effect("packages in the place of DNS server and service proxy: nothing fails, and connections live on", () =>
        Effect.gen(function* () {
          const { run } = yield* Cluster.Cluster
          yield* noWishes
          const [address, copies] = [yield* clusterIp, yield* Packages.copies]
          /** All at once: new connections, connections that stay, names, and the API. */
          const loaded = Effect.fnUntraced(function* <E, R>(what: string, effect: Effect.Effect<unknown, E, R>) {
            let [held, names, api] = [nothing, nothing, nothing]
            const written = Effect.tap(writing(effect), (load) => Effect.sync(() => void (api = load)))
            const asked = asking("10.96.0.10", "steady.default.svc.cluster.local", written)
            const kept = holding(
              address,
              9000,
              Effect.tap(asked, (load) => Effect.sync(() => void (names = load)))
            )
            const all = under(
              `http://${address}/`,
              Effect.tap(kept, (load) => Effect.sync(() => void (held = load)))
            )
            sound(`${what}, requests`, yield* all)
            for (const [load, words] of [
              [held, "connections that stay"],
              [names, "names"],
              [api, "API"]
            ] as const) {
              console.log(`${what}, ${words}: ${JSON.stringify(load)}`)
              assert.deepStrictEqual(load.failed, [])
              assert.isAbove(load.sent, 0)
            }
          })
          const chains = Effect.map(run("iptables-save", ["-t", "nat"]), ({ stdout }) => stdout)
          const tables = Effect.map(run("nft", ["list", "tables"]), ({ stdout }) => stdout)
          const dns = yield* copies("dns-names")
          const proxy = yield* copies("proxy-told")
          const values = { names: { "printer.example": ["192.0.2.7"] } }
          const printer = run("busybox", ["nslookup", "-type=a", "printer.example", "10.96.0.10"])
          /** What runs takes its place a moment later. */
          const serve = (who: "packages" | "the node's own") =>
            eventually(`${who} serve`, 20, Effect.all([chains, tables, printer]), ([chains, tables, { stdout }]) => {
              const theirs = [
                chains.includes("KUBE-SERVICES"),
                !tables.includes("keelson-proxy"),
                stdout.includes("192.0.2.7")
              ]
              return theirs.every((one) => one === (who === "packages"))
            })
          const loads = Effect.andThen(Packages.load(dns, { values }), Packages.load(proxy))
          yield* loaded("to packages", Effect.andThen(loads, serve("packages")))
          yield* loaded("to new versions", Effect.andThen(Packages.renew(dns, "2.0.0"), Packages.renew(proxy, "2.0.0")))
          const removals = Effect.andThen(Packages.remove(dns), Packages.remove(proxy))
          yield* loaded("back to the node's own", Effect.andThen(removals, serve("the node's own")))
        })
      )
      it.effect.skipIf(nginx.length > 0)(
        `what serves Ingresses: nginx, a package, its versions, and back${Machine.left(nginx)}`,
        () =>
          Effect.gen(function* () {
            const client = yield* Client
            const { fetch, run } = yield* Cluster.Cluster
            const { status } = yield* client.get(Node, { namespace: "", name: Cluster.nodeName })
            const url = `http://${status.addresses?.find(({ type }) => type === "InternalIP")?.address}/`
            // Each worker of nginx has a socket of its own.
            const sockets = Effect.map(run("ss", ["-Hltn", "sport = :80"]), ({ stdout }) => stdout.trim().split("\n").length)
            const alone = eventually("one serves", 20, sockets, (count) => count === availableParallelism())
            yield* client.create(Ingress, ingressOf)
            yield* eventually("nginx serves", 30, fetch(url), (text) => text.includes("steady"))
            const copy = yield* Packages.copies
            const [gate, broken] = [yield* copy("ingress-maintenance"), yield* copy("ingress-maintenance", "broken")]
            sound("Ingresses, to a package", yield* under(url, Packages.load(gate)))
            yield* alone
            sound("Ingresses, to its next version", yield* under(url, Packages.renew(gate, "2.0.0")))
            sound("Ingresses, back to the first", yield* under(url, Packages.goBack(gate)))
            const module = join(broken.path, "plugin.ts")
            writeFileSync(module, readFileSync(module, "utf8").replace("ingress.addresses", '["192.0.2.1"]'))
            const refused = Packages.refused({ ...broken, name: gate.name }, "3.0.0", "192.0.2.1")
            sound("Ingresses, one that cannot listen", yield* under(url, refused))
            yield* Packages.goBack(gate)
            yield* alone
            sound("Ingresses, to nginx", yield* under(url, everywhere("ingress", "nginx")))
            yield* alone
            sound("Ingresses, to the package", yield* under(url, everywhere("ingress", gate.name)))
            yield* alone
            yield* noWishes
            const removal = Effect.andThen(Packages.remove(gate), Effect.sleep("2 seconds"))
            sound("Ingresses, without it", yield* under(url, removal))
            yield* alone
            yield* client.delete(Ingress, at("steady"))
          })
      )
      it.effect.skipIf(goLacks.length > 0)(
        `a runtime in Go is loaded, killed and renewed: Pods live on${Machine.left(goLacks)}`,
        () =>
          Effect.gen(function* () {
            const client = yield* Client
            const { exec } = yield* Cluster.Cluster
            const runtime = yield* (yield* Packages.copies)("runtime-go/package", "runtime-go")
            yield* Packages.builtRuntime(runtime)
            yield* Packages.load(runtime, { nodeSelector: { "kubernetes.io/hostname": Cluster.nodeName } })
            yield* client.create(RuntimeClass, { metadata: { name: "go" }, handler: runtime.name })
            const spec = {
              runtimeClassName: "go",
              nodeName: Cluster.nodeName,
              terminationGracePeriodSeconds: 1,
              containers: [{ ...container(Images.web(1)), readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }]
            }
            yield* client.create(Pod, { metadata: { ...at("gopher"), labels }, spec })
            const isItsOwn = (pod: Pod | undefined) =>
              isReady(pod) && firstStatus(pod)?.containerID?.startsWith("runtime-go://") === true
            const first = yield* eventually("the Pod is ready", 30, find(Pod, at("gopher")), isItsOwn)
            assert.include((yield* exec("gopher", ["cat", "/www/index.html"])).text, "gopher v1")
            const live = find(Pod, at("gopher"))
            const lives = (pod: Pod | undefined) => {
              assert.strictEqual(firstStatus(pod)?.restartCount, 0)
              return isItsOwn(pod) && firstStatus(pod)?.containerID === firstStatus(first)?.containerID
            }
            const url = `http://${yield* clusterIp}/`
            const ended = yield* Packages.killed(runtime)
            const answered = eventually(
              "it answers again",
              20,
              exec("gopher", ["echo", "again"]),
              ({ text }) => text === "again\n"
            )
            assert.strictEqual(ended, 1)
            const restarted = yield* under(url, answered)
            console.log(`a runtime was killed: ${JSON.stringify(restarted)}`)
            assert.deepStrictEqual(restarted.failed, [])
            sound("another version of a runtime", yield* under(url, Packages.renew(runtime, "2.0.0")))
            assert.isTrue(lives(yield* live))
            assert.include((yield* exec("gopher", ["cat", "/www/index.html"])).text, "gopher v1")
            yield* client.delete(Pod, at("gopher"))
            yield* eventually("the Pod is gone", 20, live, (pod) => pod === undefined)
            yield* Packages.remove(runtime)
          })
      )
      for (const heading of ["Your first runtime", "Your first network"]) {
        it.effect.skipIf(kubectl.length > 0)(
          `${heading}, as ${nodeReadme} has it: each line does what it says, within ten commands${Machine.left(kubectl)}`,
          () =>
            Effect.gen(function* () {
              const { kubeconfig } = yield* Cluster.Cluster
              const { inside: within } = yield* Site.Site
              const steps = Transcript.stepsOf(nodeReadme, heading)
              assert.isTrue(steps.length > 0 && steps.length <= 10)
              const home = yield* Packages.folder
              // Where `keelson` looks for the cluster of whoever calls it.
              mkdirSync(join(home, ".keelson"))
              symlinkSync(kubeconfig, join(home, ".keelson", "kubeconfig"))
              yield* Transcript.follow(steps, { home, kubeconfig, within })
            }).pipe(Effect.provide(NodeServices.layer))
        )
      }
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
