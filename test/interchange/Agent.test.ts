/** Keelson's agent in a cluster of upstream's control plane: it joins by a token as it joins ours, or by a kubeconfig. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { request } from "node:https"
import { join } from "node:path"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import { Client } from "../../kernel/client/Client.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "../e2e/Cluster.ts"
import { eventually, find, list } from "../e2e/Eventually.ts"
import * as Images from "../e2e/Images.ts"
import * as Machine from "../e2e/Machine.ts"
import * as Pair from "../e2e/Pair.ts"
import * as Site from "../e2e/Site.ts"
import * as Plane from "./ControlPlane.ts"
import * as Upstream from "./Upstream.ts"
import * as Web from "./Web.ts"

const lacks = Upstream.lacks(...Plane.programs)

class Other extends Context.Service<
  Other,
  {
    readonly site: Site.Shape
    readonly cut: Effect.Effect<void>
    /** Ends with the tests, if it has not before. */
    readonly agent: (name: string, ...flags: ReadonlyArray<string>) => Cluster.Launched
  }
>()("test/interchange/Agent/Other") {}

const other = Layer.effect(
  Other,
  Effect.gen(function* () {
    const { cut, site } = yield* Pair.make
    const own = ["unshare", "--mount", "--propagation", "slave", "--", process.execPath, Cluster.keelson, "agent"]
    const agent = (name: string, ...flags: ReadonlyArray<string>) =>
      Cluster.launch([
        ...[...site.inside, ...own, "--data-dir", join(site.dataDir, name), "--node-name", name],
        ...["--node-ip", site.address, "--cgroup-root", `/kubepods-${site.name}`, "--dns", "none", ...flags]
      ])
    return Other.of({ site, cut, agent })
  })
)

const nodeOf = (name: string) => find(Node, { namespace: "", name })
const isReady = (node: Node | undefined) =>
  node?.status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") ?? false
const ready = (name: string, agent: Cluster.Launched) =>
  eventually(`${name} is ready`, 60, nodeOf(name), isReady).pipe(
    Effect.mapError((error) => new Error(`${error.message}\n${agent.text}`))
  )

/** What an administrator does with what nobody else decides: `kubectl certificate approve`. */
const approve = Effect.gen(function* () {
  const client = yield* Client
  const all = yield* client.list(CertificateSigningRequest)
  const open = all.filter(({ status }) => status.conditions === undefined)
  for (const one of open) {
    const about = { reason: "Test", message: "approved by the test" }
    const conditions = [{ type: "Approved", status: "True", ...about }]
    yield* client.update(CertificateSigningRequest, { ...one, status: { conditions } }, { subresource: "approval" })
  }
  return open
})

/** Through the API, which believes a kubelet only what the cluster has signed. */
const log = Effect.fnUntraced(function* (pod: string) {
  const { admin, ca } = yield* Plane.ControlPlane
  const { address } = yield* Site.Site
  return yield* Effect.callback<Cluster.Answer, Error>((resume) => {
    const path = `/api/v1/namespaces/default/pods/${pod}/log`
    const call = request({ host: address, port: 6443, path, ca, ...admin, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resume(Effect.succeed({ code: response.statusCode ?? 0, text })))
    })
    call.on("error", (error) => resume(Effect.fail(error)))
    call.end()
  })
})

const end = Effect.fnUntraced(function* (agent: Cluster.Launched) {
  process.kill(-agent.pid, "SIGINT")
  yield* Cluster.until(
    "it ends",
    60,
    () => agent.code !== undefined,
    () => agent.text
  )
  assert.include([0, 130], agent.code)
})

describe.skipIf(lacks.length > 0)(`our node in upstream's cluster${Machine.left(lacks)}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Layer.merge(Plane.layer, other), { timeout: "180 seconds" })((it) => {
      let agent: Cluster.Launched | undefined

      it.effect("it joins by a token, and an administrator approves what only Keelson approves by itself", () =>
        Effect.gen(function* () {
          const plane = yield* Plane.ControlPlane
          const { agent: start } = yield* Other
          const create = [Cluster.keelson, "token", "create", "--kubeconfig", plane.kubeconfig]
          const { stderr, stdout } = yield* Machine.run(process.execPath, create)
          const hash = /sha256:\w+/.exec(stderr)?.[0] ?? ""
          const launched = (agent = start("k2", "--join", plane.server, "--token", stdout.trim(), "--ca-hash", hash))
          const node = yield* ready("k2", launched)
          const opened = yield* eventually("it asks for the rest", 30, approve, (open) => open.length > 0)
          yield* approve
          yield* eventually("all is signed", 30, Effect.andThen(approve, list(CertificateSigningRequest)), (all) =>
            all.every(({ status }) => status.certificate !== undefined)
          )
          const { kubeletVersion } = node?.status.nodeInfo ?? {}
          const names = opened.map(({ metadata }) => metadata.name)
          yield* Upstream.said(`agent ${kubeletVersion} joined ${yield* Upstream.versionOf("kube-apiserver")}: Ready`)
          yield* Upstream.said(`approved by hand: ${names.join(", ")}`)
        })
      )
      it.effect("its Pods run, logs and commands go through the API, and its proxy serves Services", () =>
        Effect.gen(function* () {
          const { site } = yield* Other
          const { socket } = Containerd.folders({ directory: join(site.dataDir, "k2", "nodes", "k2", "containerd") })
          for (const archive of Images.archives()) yield* Effect.orDie(Containerd.importImage(socket, archive))
          const { address, pods } = yield* Web.run("k2")
          const read = yield* eventually(
            "the log is read",
            20,
            log(pods[0]?.metadata.name ?? ""),
            ({ code }) => code === 200
          )
          assert.strictEqual(read.text, "serving v1\n")
          // The client speaks WebSocket, and upstream's API server SPDY to our kubelet.
          const { admin, ca } = yield* Plane.ControlPlane
          const near = yield* Site.Site
          const run = (...command: ReadonlyArray<string>) =>
            Cluster.exec(near.address, { ...admin, ca }, pods[0]?.metadata.name ?? "", command)
          assert.deepStrictEqual(yield* run("echo", "hello"), { code: 0, text: "hello\n" })
          assert.strictEqual((yield* run("sh", "-c", "exit 3")).code, 3)
          yield* Upstream.said("logs and exec answer, with a serving certificate that upstream's API server believes")
          const url = `http://${address}/`
          assert.deepStrictEqual(yield* Web.meets(site, url, pods), Web.answersOf(pods))
          yield* Upstream.said(`${pods.length} Pods of upstream's scheduler run there; ${url} leads to each by our proxy`)
        })
      )
      it.effect("it ends without a trace, and joins again by a kubeconfig", () =>
        Effect.gen(function* () {
          const { agent: start, cut, site } = yield* Other
          const { kubeconfig } = yield* Plane.ControlPlane
          if (agent === undefined) return assert.fail("there is no agent")
          yield* end(agent)
          const again = start("k3", "--kubeconfig", kubeconfig)
          yield* ready("k3", again)
          yield* Upstream.said("agent --kubeconfig: Ready")
          yield* end(again)
          yield* cut
          assert.deepStrictEqual(yield* site.remains, Site.nothing)
        })
      )
    })
  })
})
