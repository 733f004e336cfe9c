/** One node with containerd, CRI-O and Podman at once: a Deployment on each behind one Service, and Pods that move between them. */
import { afterEach, assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import * as Needs from "../../bin/Needs.ts"
import * as Settings from "../../bin/Settings.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Node, type Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { RuntimeClass } from "../../plugins/resources/contracts/node/v1.ts"
import { PodDisruptionBudget } from "../../plugins/resources/contracts/policy/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, firstStatus, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import { under } from "./Load.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"
import { onlyData } from "./Suite.ts"

const runtimes = ["containerd", "crio", "podman"] as const
const missing = [...Machine.missing, ...Needs.missing({ ...Settings.defaults(), runtimes })]

/** As in ids of containers. */
const schemes = ["containerd", "cri-o", "podman"]
const schemeOf = (pod: Pod) => firstStatus(pod)?.containerID?.split("://")[0] ?? ""

const web = (more: object) => ({
  terminationGracePeriodSeconds: 10,
  containers: [
    {
      ...container(Images.web(1)),
      readinessProbe: { httpGet: { port: 8080, path: "/" }, periodSeconds: 1 },
      lifecycle: { preStop: { exec: { command: ["sleep", "3"] } } }
    }
  ],
  ...more
})
const deployment = (name: string, app: string, replicas: number, more: object = {}) => {
  const labels = { app, name }
  const template = { metadata: { labels }, spec: web(more) }
  return { metadata: at(name), spec: { replicas, selector: { matchLabels: labels }, template } }
}
const service = (name: string) => ({
  metadata: at(name),
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] }
})

const readyOf = (app: string) =>
  Effect.map(podsOf(app), (pods) => pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined))
const urlOf = (name: string) => Effect.map(find(Service, at(name)), (found) => `http://${found?.spec.clusterIP}/`)

/** What a runtime has on the machine beyond its own process: of Pods, whichever they are. */
const debris = Effect.gen(function* () {
  const { dataDir } = yield* Site.Site
  const own = join(dataDir, "nodes", Cluster.nodeName, "containerd")
  return {
    shims: Machine.processes().filter(({ command }) => command.includes("shim") && command.includes(`${own}/`)).length,
    mounts: Machine.mounts().filter((line) => line.includes(`${own}/`)).length
  }
})

const keelson = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { dataDir } = yield* Site.Site
    const { run } = yield* Cluster.Cluster
    return yield* run(process.execPath, [Cluster.keelson, ...args, "--data-dir", dataDir])
  })

describe.skipIf(missing.length > 0)(`three runtimes on one node${Machine.left(missing)}`, () => {
  afterEach(({ task }) => {
    if (task.result?.state === "fail")
      console.log(`what the cluster said before "${task.name}" failed:\n${Cluster.story.of()}`)
  })
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Cluster.layer({ runtimes }), { timeout: "180 seconds" })((it) => {
      it.effect("a Deployment on each by RuntimeClass, and all behind one Service", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const { exec, fetch } = yield* Cluster.Cluster
          yield* client.create(Service, service("all"))
          for (const name of runtimes) {
            yield* client.create(RuntimeClass, { metadata: { name }, handler: name })
            yield* client.create(Deployment, deployment(name, "all", 1, { runtimeClassName: name }))
          }
          const pods = yield* eventually("all are ready", 40, readyOf("all"), ({ length }) => length === runtimes.length)
          assert.deepStrictEqual(pods.map(schemeOf).toSorted(), schemes)
          assert.strictEqual(new Set(pods.map(({ status }) => status.podIP)).size, pods.length)

          const names = pods.map(({ metadata }) => `${metadata.name} v1`).toSorted()
          const everyone = (ask: Effect.Effect<string, Error>) => {
            const seen = new Set<string>()
            return Effect.map(ask, (text) => [...seen.add(text)].toSorted())
          }
          const url = yield* urlOf("all")
          const meets = (who: string, ask: Effect.Effect<string, Error>) =>
            eventually(`${who} meets all`, 30, everyone(ask), (seen) => seen.join() === names.join())
          yield* meets("the machine", fetch(url))
          for (const { metadata } of pods) {
            const command = ["timeout", "3", "wget", "-qO-", "http://all.default.svc.cluster.local/"]
            const ask = Effect.map(exec(metadata.name, command), ({ text }) => text.trim())
            yield* meets(metadata.name, ask)
          }
        })
      )
      it.effect("an agent that is killed finds the Pods of all, and restarts none", () =>
        Effect.gen(function* () {
          const { dataDir } = yield* Site.Site
          const { fetch } = yield* Cluster.Cluster
          const about = Effect.map(podsOf("all"), (pods) =>
            pods
              .map((pod) => [pod.status.podIP, firstStatus(pod)?.containerID, firstStatus(pod)?.restartCount].join(" "))
              .toSorted()
          )
          const before = yield* about
          const isAgent = ({ command }: Machine.Process) => command.includes(dataDir) && command.includes("--member 1")
          const agent = Machine.processes().find(isAgent)
          if (agent === undefined) return assert.fail("there is no agent")
          process.kill(agent.pid, "SIGKILL")
          yield* eventually("it is started again", 20, Effect.sync(Machine.processes), (all) =>
            all.some((one) => isAgent(one) && one.pid !== agent.pid)
          )
          // What is made now shows that the new one is at work.
          const client = yield* Client
          yield* client.create(Deployment, deployment("later", "later", 1, { runtimeClassName: "podman" }))
          yield* eventually("a Pod runs", 40, readyOf("later"), ({ length }) => length === 1)
          assert.deepStrictEqual(yield* about, before)
          assert.match(yield* fetch(yield* urlOf("all")), / v1$/)
          yield* client.delete(Deployment, at("later"), { propagationPolicy: "Foreground" })
          yield* eventually("it is gone", 40, podsOf("later"), ({ length }) => length === 0)
        })
      )
      it.effect("Pods move from containerd to CRI-O under requests, none of which fails, and leave nothing", () =>
        Effect.gen(function* () {
          const client = yield* Client
          yield* client.delete(Deployment, at("containerd"), { propagationPolicy: "Foreground" })
          yield* client.create(Service, service("moves"))
          const budget = { maxUnavailable: 1, selector: { matchLabels: { app: "moves" } } }
          yield* client.create(PodDisruptionBudget, { metadata: at("moves"), spec: budget })
          yield* client.create(Deployment, deployment("moves", "moves", 3))
          yield* eventually("all are ready", 40, readyOf("moves"), ({ length }) => length === 3)
          yield* eventually("the other is gone", 40, podsOf("all"), ({ length }) => length === 2)
          assert.deepStrictEqual((yield* readyOf("moves")).map(schemeOf), ["containerd", "containerd", "containerd"])

          let said = ""
          const migrate = Effect.map(
            keelson("runtime", "migrate", Cluster.nodeName, "containerd", "crio"),
            ({ code, stderr, stdout }) => {
              said = `${stdout}${stderr}`
              assert.strictEqual(code, 0, said)
            }
          )
          const { failed, sent } = yield* under(yield* urlOf("moves"), migrate)
          assert.deepStrictEqual(failed, [])
          assert.isAbove(sent, 100)
          assert.match(said, /3 Pods moved\ncontainerd on n1 has no sandboxes and no containers\n$/)
          assert.deepStrictEqual((yield* readyOf("moves")).map(schemeOf), ["cri-o", "cri-o", "cri-o"])
          yield* eventually("nothing is left", 20, debris, ({ mounts, shims }) => mounts + shims === 0)
          const [node] = yield* list(Node)
          assert.match(node?.status.nodeInfo?.containerRuntimeVersion ?? "", /^cri-o:/)
        })
      )
      it.effect("what it has not is said", () =>
        Effect.gen(function* () {
          const { code, stderr } = yield* keelson("runtime", "migrate", Cluster.nodeName, "crio", "kata")
          assert.strictEqual(code, 1)
          assert.match(stderr, /n1 has no runtime kata: it has containerd, crio, podman/)
        })
      )
      it.effect("Ctrl-C ends it, with the Pods of all", () =>
        Effect.gen(function* () {
          const { interrupt } = yield* Cluster.Cluster
          assert.include([0, 130], yield* interrupt)
        })
      )
      it.effect("nothing of it is left but its data", () => onlyData)
    })
  })
})
