/** Two nodes on one machine: their Pods reach one another and every Service, and leave a node whose agent is silent. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, idOf, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"
import { down, onlyData } from "./Suite.ts"

const first = Cluster.nodeName
const second = `${first}-2`
const both = [first, second]

const labels = { app: "spread" }
const leavesSoon = ["not-ready", "unreachable"].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 1
}))
const spread = {
  metadata: at("spread"),
  spec: {
    replicas: 4,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        tolerations: leavesSoon,
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels }
          }
        ],
        containers: [{ ...container(Images.web(1)), readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }]
      }
    }
  }
}
const service = { metadata: at("spread"), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }

/** A Pod on a node, to ask from. */
const asker = (node: string) => ({
  metadata: at(`on-${node}`),
  spec: {
    terminationGracePeriodSeconds: 1,
    nodeSelector: { "kubernetes.io/hostname": node },
    containers: [container(Images.tools)]
  }
})

const readyPods = Effect.map(podsOf("spread"), (pods) =>
  pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
)
const placesOf = (pods: ReadonlyArray<Pod>) => pods.map(({ spec }) => spec.nodeName).toSorted()

const ask = (node: string, url: string) =>
  Effect.gen(function* () {
    const { exec } = yield* Cluster.Cluster
    const { code, text } = yield* exec(`on-${node}`, ["timeout", "3", "wget", "-qO-", url])
    return code === 0 ? text.trim() : yield* Effect.fail(new Error(`${url} from ${node}: ${code} ${text}`))
  })

/** The agent of the second node. */
const agentOf = (dataDir: string) =>
  Machine.processes().find(({ command }) => command.includes(dataDir) && command.includes("--member 2"))

const signalAgent = (signal: "SIGSTOP" | "SIGKILL") =>
  Effect.gen(function* () {
    const { dataDir } = yield* Site.Site
    const agent = agentOf(dataDir)
    if (agent === undefined) return yield* Effect.die(new Error("the second node has no agent"))
    process.kill(agent.pid, signal)
  })

const secondNode = find(Node, { namespace: "", name: second })
const readiness = (node: Node | undefined) => node?.status.conditions?.find(({ type }) => type === "Ready")?.status

describe.skipIf(Machine.missing.length > 0)(`two nodes on one machine${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Cluster.layer({ nodes: 2 }), { timeout: "180 seconds" })((it) => {
      it.effect("each has an address and a range of Pods of its own", () =>
        Effect.gen(function* () {
          const nodes = yield* list(Node)
          assert.deepStrictEqual(nodes.map(({ metadata }) => metadata.name).toSorted(), both)
          const addresses = nodes.flatMap(({ status }) => status.addresses?.find(({ type }) => type === "InternalIP") ?? [])
          assert.strictEqual(new Set(addresses.map(({ address }) => address)).size, 2)
          assert.strictEqual(new Set(nodes.map(({ spec }) => spec.podCIDR)).size, 2)
        })
      )
      it.effect("Pods are spread over both", () =>
        Effect.gen(function* () {
          const client = yield* Client
          yield* client.create(Service, service)
          yield* client.create(Deployment, spread)
          for (const node of both) yield* client.create(Pod, asker(node))
          const pods = yield* eventually("all Pods are ready", 60, readyPods, ({ length }) => length === 4)
          assert.deepStrictEqual(placesOf(pods), [first, first, second, second])
          for (const node of both) {
            const pod = yield* eventually("the asker is ready", 30, find(Pod, at(`on-${node}`)), isReady)
            assert.strictEqual(pod?.spec.nodeName, node)
          }
        })
      )
      it.effect("a Pod reaches every Pod, wherever it runs", () =>
        Effect.gen(function* () {
          const { exec } = yield* Cluster.Cluster
          const pods = yield* readyPods
          for (const node of both) {
            for (const { metadata, status } of pods) {
              const ping = yield* exec(`on-${node}`, ["ping", "-c", "1", "-W", "2", status.podIP ?? ""])
              assert.strictEqual(ping.code, 0, ping.text)
              assert.strictEqual(yield* ask(node, `http://${status.podIP}:8080/`), `${metadata.name} v1`)
            }
          }
        })
      )
      it.effect("a Service answers on both with Pods of both, by its name too", () =>
        Effect.gen(function* () {
          const names = (yield* readyPods).map(({ metadata }) => `${metadata.name} v1`).toSorted()
          for (const node of both) {
            const seen = new Set<string>()
            const once = Effect.map(ask(node, "http://spread.default.svc.cluster.local/"), (text) => seen.add(text).size)
            yield* eventually(`${node} has met every Pod`, 60, once, (size) => size === names.length)
            assert.deepStrictEqual([...seen].toSorted(), names)
          }
        })
      )
      it.effect("the machine reaches it, and Pods of both reach the API", () =>
        Effect.gen(function* () {
          const { exec, fetch } = yield* Cluster.Cluster
          const { spec } = yield* Effect.flatMap(Client, (client) => client.get(Service, at("spread")))
          for (let calls = 0; calls < 8; calls++) assert.match(yield* fetch(`http://${spec?.clusterIP}/`), /^spread-.* v1$/)
          for (const node of both) {
            const call = yield* exec(`on-${node}`, ["sh", "-c", "echo | timeout 3 nc 10.96.0.1 443; test $? -lt 124"])
            assert.strictEqual(call.code, 0, call.text)
          }
        })
      )
      it.effect(
        "Pods leave a node whose agent is silent",
        () =>
          Effect.gen(function* () {
            yield* signalAgent("SIGSTOP")
            const node = yield* eventually("it is not ready", 60, secondNode, (node) => readiness(node) === "Unknown")
            const tainted = (node: Node | undefined) =>
              node?.spec.taints?.some(({ effect, key }) => key.endsWith("/unreachable") && effect === "NoExecute") ?? false
            assert.isDefined(node)
            yield* eventually("it is tainted", 10, secondNode, tainted)
            const isMoved = (pods: ReadonlyArray<Pod>) => placesOf(pods).join() === [first, first, first, first].join()
            const pods = yield* eventually("its Pods have moved", 30, readyPods, isMoved)
            const names = pods.map(({ metadata }) => `${metadata.name} v1`)
            for (let calls = 0; calls < 12; calls++) {
              assert.include(names, yield* ask(first, "http://spread.default.svc.cluster.local/"))
            }
          }),
        120_000
      )
      it.effect("an agent that comes back makes its node ready, and ends what has moved", () =>
        Effect.gen(function* () {
          yield* signalAgent("SIGKILL")
          yield* eventually("it is ready", 60, secondNode, (node) => readiness(node) === "True")
          yield* eventually("it has no taints", 10, secondNode, (node) => (node?.spec.taints ?? []).length === 0)
          yield* eventually("only four are left", 30, podsOf("spread"), ({ length }) => length === 4)
          yield* eventually("the asker there is ready", 30, find(Pod, at(`on-${second}`)), isReady)
        })
      )
      it.effect("another cluster on the machine has no further nodes, and takes nothing away", () =>
        Effect.gen(function* () {
          const { run } = yield* Cluster.Cluster
          const { address, dataDir } = yield* Site.Site
          const flags = ["--node-ip", address, "--nodes", "2", "--api-port", "6444", "--kubelet-port", "10251"]
          const other = [Cluster.keelson, "up", "--data-dir", join(dataDir, "other"), ...flags]
          const { code, stderr } = yield* run(process.execPath, other)
          assert.notStrictEqual(code, 0)
          assert.match(stderr, /^keelson: --nodes: .*another cluster/)
          const [web] = (yield* readyPods).filter(({ spec }) => spec.nodeName === first)
          assert.match(yield* ask(second, `http://${web?.status.podIP}:8080/`), /v1$/)
        })
      )
      it.effect("a cluster whose processes were killed finds the Pods of both nodes as they were", () =>
        Effect.gen(function* () {
          const { crash, up } = yield* Cluster.Cluster
          const before = yield* Effect.forEach(both, (node) => find(Pod, at(`on-${node}`)))
          yield* crash
          yield* up
          for (const [index, node] of both.entries()) {
            const pod = yield* eventually("the asker is ready", 30, find(Pod, at(`on-${node}`)), isReady)
            assert.strictEqual(idOf(pod), idOf(before[index]))
          }
          const [web] = yield* eventually("the web is ready", 30, readyPods, ({ length }) => length === 4)
          // What the cluster says is from before: it takes a moment until both agents are there.
          const call = ask(second, `http://${web?.status.podIP}:8080/`)
          yield* eventually("they reach one another", 30, call, (text) => text.endsWith(" v1"))
        })
      )
      it.effect("down takes back what killed processes left of both", () =>
        Effect.gen(function* () {
          const { crash } = yield* Cluster.Cluster
          yield* crash
          yield* down()
          yield* onlyData
        })
      )
      it.effect("Ctrl-C leaves nothing but the data", () =>
        Effect.gen(function* () {
          const { interrupt, up } = yield* Cluster.Cluster
          yield* up
          yield* eventually("the asker is ready", 30, find(Pod, at(`on-${second}`)), isReady)
          assert.include([0, 130], yield* interrupt)
          yield* onlyData
        })
      )
    })
  })
})
