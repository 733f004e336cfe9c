/** Another machine joins a cluster: by a token, over a link between two machines, each with a network and mounts of its own. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { connect } from "node:tls"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, container, eventually, find, idOf, isReady, list, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import * as Pair from "./Pair.ts"
import * as Site from "./Site.ts"
import { onlyData } from "./Suite.ts"

const joined = "n2"

/** The machine that joins. */
class Other extends Context.Service<
  Other,
  {
    readonly site: Site.Shape
    /** Starts the agent on a data directory, with these flags. */
    readonly agent: (dataDir: string, ...flags: ReadonlyArray<string>) => Cluster.Launched
    /** Cuts the link between the machines. */
    readonly cut: Effect.Effect<void>
  }
>()("test/e2e/Join/Other") {}

const other = Layer.effect(
  Other,
  Effect.gen(function* () {
    const { cut, site } = yield* Pair.make
    const flags = ["--node-name", joined, "--node-ip", site.address, "--cgroup-root", `/kubepods-${site.name}`]
    const own = ["unshare", "--mount", "--propagation", "slave", "--"]
    const agent = (dataDir: string, ...more: ReadonlyArray<string>) =>
      Cluster.launch([
        ...[...site.inside, ...own, process.execPath, Cluster.keelson, "agent", "--data-dir", dataDir],
        ...[...flags, ...more]
      ])
    return Other.of({ site, agent, cut })
  })
)

const keelson = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { run } = yield* Cluster.Cluster
    const { dataDir } = yield* Site.Site
    return yield* run(process.execPath, [Cluster.keelson, ...args, "--data-dir", dataDir])
  })

const newToken = (...flags: ReadonlyArray<string>) =>
  Effect.map(keelson("token", "create", ...flags), ({ stderr, stdout }) => ({
    token: stdout.trim(),
    hash: /sha256:\w+/.exec(stderr)?.[0] ?? ""
  }))

/** What an agent with a data directory of this name says that is refused. */
const refusal = (name: string, ...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { agent, site } = yield* Other
    const { address } = yield* Site.Site
    const launched = agent(join(site.dataDir, name), "--join", address, ...flags)
    const ended = () => launched.code !== undefined
    yield* Cluster.until("it ends", 30, ended, () => launched.text)
    assert.notStrictEqual(launched.code, 0)
    return launched.text
  })

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
    replicas: 2,
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
        containers: [container(Images.web(1))]
      }
    }
  }
}
const service = { metadata: at("spread"), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }

/** A Pod to ask from, which stays where it is. */
const asker = (node: string) => ({
  metadata: at(`on-${node}`),
  spec: {
    terminationGracePeriodSeconds: 1,
    nodeSelector: { "kubernetes.io/hostname": node },
    tolerations: [{ operator: "Exists" }],
    containers: [container(Images.tools)]
  }
})

const readyPods = Effect.map(podsOf("spread"), (pods) =>
  pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
)
const placesOf = (pods: ReadonlyArray<Pod>) => pods.map(({ spec }) => spec.nodeName).toSorted()
const node = find(Node, { namespace: "", name: joined })
const readiness = (node: Node | undefined) => node?.status.conditions?.find(({ type }) => type === "Ready")?.status

const ask = (from: string, url: string) =>
  Effect.gen(function* () {
    const { exec } = yield* Cluster.Cluster
    const { code, text } = yield* exec(`on-${from}`, ["timeout", "3", "wget", "-qO-", url])
    return code === 0 ? text.trim() : yield* Effect.fail(new Error(`${url} from ${from}: ${code} ${text}`))
  })

/** What the kubelet of the machine shows to whoever connects. */
const shown = (host: string) =>
  Effect.callback<{ readonly issuer: string; readonly names: string }, Error>((resume) => {
    const socket = connect({ host, port: 10250, rejectUnauthorized: false })
    socket.once("secureConnect", () => {
      const { issuer, subjectaltname: names = "" } = socket.getPeerCertificate()
      resume(Effect.succeed({ issuer: `${issuer.CN}`, names }))
      socket.destroy()
    })
    socket.once("error", (error) => resume(Effect.fail(error)))
    return Effect.sync(() => socket.destroy())
  })

describe.skipIf(Machine.missing.length > 0)(`another machine joins${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Layer.merge(Cluster.layer(), other), { timeout: "180 seconds" })((it) => {
      let agent: Cluster.Launched | undefined

      it.effect("a token that is wrong, has expired, or is for another cluster is refused", () =>
        Effect.gen(function* () {
          const { hash, token } = yield* newToken()
          const wrong = token.endsWith("0") ? "1" : "0"
          const { token: short } = yield* newToken("--ttl", "1s")
          const tokens = Effect.map(keelson("token", "list"), ({ stdout }) => stdout)
          yield* eventually("it is cleaned up", 10, tokens, (text) => !text.includes(short))
          const [unknown, half, authority, expired, none] = yield* Effect.all(
            [
              refusal("unknown", "--token", `aaaaaa${token.slice(6)}`),
              refusal("half", "--token", token.slice(0, -1) + wrong),
              refusal("authority", "--token", token, "--ca-hash", `${hash.slice(0, -1)}x`),
              refusal("expired", "--token", short),
              refusal("none")
            ],
            { concurrency: "unbounded" }
          )
          assert.match(unknown, /knows no token aaaaaa/)
          assert.match(half, /second half is wrong/)
          assert.match(authority, /--ca-hash: the authority/)
          assert.match(expired, /or it has expired/)
          assert.match(none, /--token/)
          assert.strictEqual(yield* node, undefined)
        })
      )
      it.effect("with a token it becomes a node with certificates of its own", () =>
        Effect.gen(function* () {
          const { agent: start, site } = yield* Other
          const { address } = yield* Site.Site
          const { hash, token } = yield* newToken()
          const launched = (agent = start(site.dataDir, "--join", address, "--token", token, "--ca-hash", hash))
          yield* eventually("it is ready", 30, node, (node) => readiness(node) === "True").pipe(
            Effect.mapError((error) => new Error(`${error.message}\n${launched.text}`))
          )
          const { code } = yield* keelson("token", "delete", token)
          assert.strictEqual(code, 0)
          const requests = yield* eventually("all is signed", 20, list(CertificateSigningRequest), (all) =>
            all.every(({ status }) => status.certificate !== undefined)
          )
          assert.deepStrictEqual(requests.map(({ spec }) => spec.signerName.split("/")[1]).toSorted(), [
            "kube-apiserver-client",
            "kube-apiserver-client",
            "kube-apiserver-client",
            "kube-apiserver-client",
            "kube-apiserver-client-kubelet",
            "kubelet-serving"
          ])
          for (const name of ["kubelet-client", "kubelet-serving", "kube-proxy", "dns"]) {
            assert.strictEqual(statSync(join(site.dataDir, "pki", `${name}.pem`)).mode & 0o777, 0o600)
          }
          const { names } = yield* eventually("its server shows one", 10, shown(site.address), ({ issuer }) =>
            issuer.includes("keelson-ca")
          )
          assert.include(names, `IP Address:${site.address}`)
        })
      )
      it.effect("its Pods run, and are reached through the API", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const { ask: api } = yield* Cluster.Cluster
          const { site } = yield* Other
          const { socket } = Containerd.folders({ directory: join(site.dataDir, "nodes", joined, "containerd") })
          for (const archive of Images.archives()) yield* Effect.orDie(Containerd.importImage(socket, archive))
          yield* client.create(Service, service)
          yield* client.create(Deployment, spread)
          for (const name of [Cluster.nodeName, joined]) yield* client.create(Pod, asker(name))
          const pods = yield* eventually("all Pods are ready", 30, readyPods, ({ length }) => length === 2)
          assert.deepStrictEqual(placesOf(pods), [Cluster.nodeName, joined])
          const there = pods.find(({ spec }) => spec.nodeName === joined)
          const log = yield* api(`/api/v1/namespaces/default/pods/${there?.metadata.name}/log`)
          assert.deepStrictEqual(log, { code: 200, text: "serving v1\n" })
          for (const name of [Cluster.nodeName, joined]) {
            yield* eventually("the asker is ready", 30, find(Pod, at(`on-${name}`)), isReady)
            for (const { metadata, status } of pods) {
              assert.strictEqual(yield* ask(name, `http://${status.podIP}:8080/`), `${metadata.name} v1`)
            }
            const url = "http://spread.default.svc.cluster.local/"
            yield* eventually("the Service answers by its name", 15, ask(name, url), (text) => text.endsWith(" v1"))
          }
        })
      )
      it.effect("when it is dead, Pods leave it; when it is back, without a token, its Pods are what they were", () =>
        Effect.gen(function* () {
          const { agent: start, site } = yield* Other
          const before = yield* find(Pod, at(`on-${joined}`))
          const isAgent = ({ command }: Machine.Process) =>
            command.includes(site.dataDir) && /bin\/(keelson|Main)/.test(command)
          for (const { pid } of Machine.processes().filter(isAgent)) process.kill(pid, "SIGKILL")
          const here = [Cluster.nodeName, Cluster.nodeName].join()
          yield* eventually("its Pods have moved", 80, readyPods, (pods) => placesOf(pods).join() === here)
          const again = (agent = start(site.dataDir))
          yield* eventually("it is ready", 30, node, (node) => readiness(node) === "True").pipe(
            Effect.mapError((error) => new Error(`${error.message}\n${again.text}`))
          )
          const pod = yield* eventually("the asker is ready", 30, find(Pod, at(`on-${joined}`)), isReady)
          assert.strictEqual(idOf(pod), idOf(before))
        })
      )
      it.effect("Ctrl-C ends the node and leaves nothing of it there but its certificates", () =>
        Effect.gen(function* () {
          const { cut, site } = yield* Other
          const running = agent
          if (running === undefined) return assert.fail("there is no agent")
          process.kill(-running.pid, "SIGINT")
          yield* Cluster.until(
            "it ends",
            60,
            () => running.code !== undefined,
            () => running.text
          )
          assert.include([0, 130], running.code)
          yield* cut
          assert.deepStrictEqual(yield* site.remains, Site.nothing)
          assert.isTrue(existsSync(join(site.dataDir, "pki", "kubelet-client.pem")))
        })
      )
      it.effect("and the cluster goes on, and ends as ever", () =>
        Effect.gen(function* () {
          const { interrupt } = yield* Cluster.Cluster
          yield* eventually(
            "the Service answers",
            10,
            ask(Cluster.nodeName, "http://spread.default.svc.cluster.local/"),
            (text) => text.endsWith(" v1")
          )
          assert.include([0, 130], yield* interrupt)
          yield* onlyData
        })
      )
    })
  })
})
