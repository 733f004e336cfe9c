/**
 * Three nodes on one machine, whose network is changed under running Pods and under requests, node by node: Flannel's vxlan and host-gw
 * of our own, flanneld itself, and plain routes. All nodes' Pods reach one another all the time, and in the end nothing is left.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import { Client } from "../../kernel/client/Client.ts"
import { DaemonSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"
import { down, onlyData } from "./Suite.ts"

const nodes = [Cluster.nodeName, `${Cluster.nodeName}-2`, `${Cluster.nodeName}-3`]
const [, , third = ""] = nodes

const labels = { app: "web" }
const web = {
  metadata: at("web"),
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ ...container(Images.web(1)), readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }]
      }
    }
  }
}
const service = { metadata: at("web"), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }

/** Asks the Service all the time, and notes what it got no answer to. */
const asking = `trap 'exit 0' TERM
touch /tmp/asked /tmp/failed
while :; do
  timeout 5 wget -qO- http://$WEB_SERVICE_HOST/ > /dev/null && echo x >> /tmp/asked || date >> /tmp/failed
  sleep 0.05
done`
const asker = (node: string) => ({
  metadata: at(`on-${node}`),
  spec: {
    terminationGracePeriodSeconds: 1,
    nodeSelector: { "kubernetes.io/hostname": node },
    containers: [{ ...container(Images.tools), command: ["sh", "-c", asking] }]
  }
})

const inAsker = Effect.fnUntraced(function* (node: string, script: string) {
  const { exec } = yield* Cluster.Cluster
  return yield* exec(`on-${node}`, ["sh", "-c", script])
})

/** What a Pod of each node does not reach: Pods of every node, and the Service. Empty, as soon as it reaches all. */
const unreached = Effect.gen(function* () {
  const pods = yield* podsOf("web")
  const urls = [...pods.map(({ status }) => `${status.podIP}:8080`), ...pods.map(() => "$WEB_SERVICE_HOST")]
  const pings = pods.map(({ status }) => `ping -c 1 -W 2 ${status.podIP} > /dev/null || echo ping ${status.podIP}`)
  const gets = urls.map((url) => `timeout 3 wget -qO- http://${url}/ > /dev/null || echo ${url}`)
  const from = Effect.fnUntraced(function* (node: string) {
    const { text } = yield* inAsker(node, [...pings, ...gets].join("\n"))
    return text.split("\n").flatMap((line) => (line === "" ? [] : [`${node} → ${line}`]))
  })
  return (yield* Effect.forEach(nodes, from, { concurrency: 3 })).flat()
})

const backendOf = (node: string) =>
  Effect.map(find(Node, { namespace: "", name: node }), (found) => {
    const annotations = found?.metadata.annotations ?? {}
    const condition = found?.status.conditions?.find(({ type }) => type === "NetworkUnavailable")
    return `${annotations["flannel.alpha.coreos.com/backend-type"] ?? "none"} ${condition?.reason ?? ""}`.trim()
  })
const backends: { readonly [network: string]: string } = {
  bridge: "none",
  "flannel-vxlan": "vxlan FlannelIsUp",
  "flannel-host-gw": "host-gw FlannelIsUp",
  flanneld: "vxlan FlannelIsUp"
}

/** How often a node's network was changed to this one. */
const timesOf = (node: string, network: string) =>
  Effect.map(list(Event), (events) =>
    events
      .filter(({ involvedObject }) => involvedObject.name === node)
      .filter(({ message = "" }) => message.startsWith(`The network is ${network} now`))
      .reduce((sum, { count = 1 }) => sum + count, 0)
  )

/** By an annotation of the Node, as an administrator would. */
const change = Effect.fnUntraced(function* (node: string, network: string) {
  const client = yield* Client
  const before = yield* timesOf(node, network)
  const annotations = { "keelson.io/network": network }
  yield* client.patch(Node, { namespace: "", name: node }, "merge", { metadata: { annotations } })
  yield* eventually(`${node} has ${network}`, 40, timesOf(node, network), (times) => times > before)
  assert.strictEqual(yield* backendOf(node), backends[network])
  yield* eventually("every Pod reaches every Pod", 10, unreached, ({ length }) => length === 0)
})

const changeAll = (network: string) => Effect.forEach(nodes, (node) => change(node, network), { discard: true })

const linksOf = (node: string, dataDir: string) =>
  Effect.gen(function* () {
    const { run } = yield* Cluster.Cluster
    const holder = Machine.textOf(join(dataDir, "nodes", node, "holder.pid"))
    const inside = holder === "" ? [] : ["nsenter", `--target=${JSON.parse(holder).pid}`, "--net", "--"]
    const [program = "", ...args] = [...inside, "ip", "-brief", "link"]
    return (yield* run(program, args)).stdout
  })

const flanneld = Program.find("flanneld") === undefined ? ["flanneld"] : []

describe.skipIf(Machine.missing.length > 0)(`networks of three nodes${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Cluster.layer({ nodes: 3, flags: ["--network", "flannel-vxlan"] }), { timeout: "180 seconds" })((it) => {
      it.effect(
        "Flannel's vxlan: every Pod reaches every Pod and the Service",
        () =>
          Effect.gen(function* () {
            const client = yield* Client
            yield* client.create(Service, service)
            yield* client.create(DaemonSet, web)
            for (const node of nodes) yield* client.create(Pod, asker(node))
            const ready = (pods: ReadonlyArray<Pod>) => pods.length === 3 && pods.every(isReady)
            yield* eventually("a Pod is ready on each node", 60, podsOf("web"), ready)
            for (const node of nodes) yield* eventually("the asker is ready", 30, find(Pod, at(`on-${node}`)), isReady)
            yield* eventually("every Pod reaches every Pod", 20, unreached, ({ length }) => length === 0)
            for (const node of nodes) {
              assert.strictEqual(yield* backendOf(node), "vxlan FlannelIsUp")
              // As much as the tunnel leaves.
              assert.match((yield* inAsker(node, "ip link show eth0")).text, /mtu 1450/)
              yield* inAsker(node, "rm /tmp/asked /tmp/failed; touch /tmp/asked /tmp/failed")
            }
          }),
        120_000
      )
      it.effect("host-gw, node by node", () => changeAll("flannel-host-gw"), 60_000)
      it.effect("plain routes, node by node", () => changeAll("bridge"), 60_000)
      it.effect("and vxlan again", () => changeAll("flannel-vxlan"), 60_000)
      it.effect.skipIf(flanneld.length > 0)(
        `one node with flanneld itself, and back${Machine.left(flanneld)}`,
        () =>
          Effect.gen(function* () {
            const { dataDir } = yield* Site.Site
            yield* change(third, "flanneld")
            assert.isTrue(existsSync(join(dataDir, "nodes", third, "flanneld", "subnet.env")))
            assert.isDefined(
              Machine.processes().find(({ command }) => command.includes("flanneld") && command.includes(dataDir))
            )
            yield* change(third, "flannel-vxlan")
            assert.isUndefined(
              Machine.processes().find(({ command }) => command.includes("flanneld") && command.includes(dataDir))
            )
            yield* change(third, "bridge")
            assert.notInclude(yield* linksOf(third, dataDir), "flannel")
            yield* change(third, "flanneld")
          }),
        90_000
      )
      it.effect("no request has failed meanwhile", () =>
        Effect.gen(function* () {
          for (const node of nodes) {
            const { text } = yield* inAsker(node, "wc -l < /tmp/asked; cat /tmp/failed")
            const [asked = "0", ...failed] = text.trim().split("\n")
            assert.isAbove(Number(asked), 20, node)
            assert.deepStrictEqual(failed, [], `${node}, of ${asked} requests`)
          }
        })
      )
      it.effect(
        "down takes back what killed processes have left of all networks",
        () =>
          Effect.gen(function* () {
            const { crash } = yield* Cluster.Cluster
            yield* crash
            yield* down()
            yield* onlyData
          }),
        120_000
      )
      it.effect(
        "Ctrl-C leaves nothing but the data",
        () =>
          Effect.gen(function* () {
            const { interrupt, up } = yield* Cluster.Cluster
            yield* up
            for (const node of nodes) yield* eventually("the asker is ready", 40, find(Pod, at(`on-${node}`)), isReady)
            const ready = (pods: ReadonlyArray<Pod>) => pods.length === 3 && pods.every(isReady)
            yield* eventually("a Pod is ready on each node", 60, podsOf("web"), ready)
            yield* eventually("every Pod reaches every Pod", 40, unreached, ({ length }) => length === 0)
            assert.include([0, 130], yield* interrupt)
            yield* onlyData
          }),
        180_000
      )
    })
  })
})
