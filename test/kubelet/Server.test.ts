/** The kubelet's server, over HTTPS, on a machine in memory: who may ask, and what it answers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Queue, Schedule, Stream } from "effect"
import { X509Certificate } from "node:crypto"
import { request } from "node:https"
import type { Duplex } from "node:stream"
import { connect } from "node:tls"
import WebSocket from "ws"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Api } from "../../kernel/client/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as ClaimDrivers from "../../plugins/kubelet/devices/ClaimDrivers.ts"
import * as Providers from "../../plugins/kubelet/devices/Providers.ts"
import * as CredentialProviders from "../../plugins/kubelet/images/CredentialProviders.ts"
import * as Pods from "../../plugins/kubelet/Pods.ts"
import * as Server from "../../plugins/kubelet/server/Server.ts"
import * as Site from "../../plugins/kubelet/Site.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as SpdyClient from "./SpdyClient.ts"

const settings = {
  nodeName: "n1",
  directory: "/nowhere",
  logDirectory: "/nowhere",
  addresses: ["127.0.0.1"],
  dns: { servers: [], domain: "cluster.local" },
  cgroupRoot: "",
  hollow: true,
  maxPods: 110,
  parallelPulls: 5,
  credentialProviders: CredentialProviders.make(),
  devices: Providers.make(),
  claimDrivers: ClaimDrivers.make()
}

/** The API in memory reviews nobody: here, an administrator may do everything. */
const reviewing = Layer.effect(
  Api,
  Effect.map(Api, (api) =>
    Api.of({
      ...api,
      create: (payload) => {
        if (payload.resource !== "subjectaccessreviews") return api.create(payload)
        const allowed = JSON.stringify(payload.body).includes("system:masters")
        return Effect.succeed({ ...payload.body, status: { allowed } })
      }
    })
  )
)
const api = Layer.provide(ApiClient.layer, Layer.provide(reviewing, MemoryApi.layer()))
const machine = MemoryPowers.layer({ network: "runtime", registry: ["busybox"] })

const start = Effect.gen(function* () {
  const ca = yield* Pki.authority("test")
  const serving = yield* Pki.issue(ca, Requests.kubeletServing("n1", ["127.0.0.1"]))
  const admin = yield* Pki.issue(ca, Requests.admin)
  const other = yield* Pki.issue(ca, Requests.kubelet("n2"))
  const site = yield* Site.make(settings)
  yield* site.networkReady.open
  yield* Pods.make(site)
  const next = yield* Pki.issue(ca, Requests.kubeletServing("n1", ["127.0.0.1"]))
  const renewals = yield* Queue.unbounded<Server.Tls>()
  const tls = (pair: Pki.Pair) => ({ ...pair, clientCa: ca.cert })
  const about = { host: "127.0.0.1", port: 0, tls: tls(serving), renewed: Stream.fromQueue(renewals) }
  const port = yield* Server.make(site, about)
  const shown = Effect.callback<string>((resume) => {
    const socket = connect({ host: "127.0.0.1", port, ca: ca.cert })
    socket.once("secureConnect", () => {
      resume(Effect.succeed(socket.getPeerCertificate().serialNumber))
      socket.destroy()
    })
  })
  const renew = Effect.as(Queue.offer(renewals, tls(next)), new X509Certificate(next.cert).serialNumber)
  const spdy = (path: string) =>
    Effect.callback<Duplex, Error>((resume) => {
      const headers = {
        ...{ connection: "Upgrade", upgrade: "SPDY/3.1" },
        "x-stream-protocol-version": "v5.channel.k8s.io,v4.channel.k8s.io"
      }
      const asked = request({ host: "127.0.0.1", port, path, method: "POST", headers, ca: ca.cert, ...admin, agent: false })
      asked.on("upgrade", (answer, socket) => {
        assert.strictEqual(answer.headers["x-stream-protocol-version"], "v4.channel.k8s.io")
        resume(Effect.succeed(socket))
      })
      asked.on("response", ({ statusCode }) => resume(Effect.fail(new Error(`${statusCode}`))))
      asked.on("error", (error) => resume(Effect.fail(error)))
      asked.end()
    })
  const get = (path: string, who: { readonly cert?: string; readonly key?: string } = admin) =>
    Effect.callback<{ readonly code: number; readonly text: string }, Error>((resume) => {
      const asked = request({ host: "127.0.0.1", port, path, ca: ca.cert, ...who, agent: false }, (response) => {
        let text = ""
        response.on("data", (chunk: Buffer) => (text += chunk.toString()))
        response.on("end", () => resume(Effect.succeed({ code: response.statusCode ?? 0, text })))
      })
      asked.on("error", (error) => resume(Effect.fail(error)))
      asked.end()
    })
  const open = (path: string, say: (socket: WebSocket) => void) =>
    Effect.callback<ReadonlyArray<string>, Error>((resume) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, ["v5.channel.k8s.io"], { ca: ca.cert, ...admin })
      const frames: Array<string> = []
      socket.on("open", () => say(socket))
      socket.on("message", (data: Buffer) => frames.push(`${data[0]} ${data.subarray(1).toString()}`))
      socket.on("close", () => resume(Effect.succeed(frames)))
      socket.on("error", (error) => resume(Effect.fail(error)))
    })
  const client = yield* Client
  yield* client.create(Pod, {
    metadata: { name: "web", namespace: "default" },
    spec: {
      nodeName: "n1",
      containers: [{ name: "main", image: "busybox", command: ["sh", "-c", "echo one; echo two; sleep 600"] }]
    }
  })
  yield* client.find(Pod, { namespace: "default", name: "web" }).pipe(
    Effect.repeat({
      schedule: Schedule.spaced("20 millis"),
      until: (pod) => Option.isSome(pod) && pod.value.status.phase === "Running"
    }),
    Effect.timeout("40 seconds")
  )
  return { get, open, other, renew, shown, spdy }
})

const test = <E>(holds: (use: Effect.Success<typeof start>) => Generator<Effect.Effect<unknown, E>, void, never>) =>
  Effect.scoped(Effect.flatMap(start, Effect.fnUntraced(holds))).pipe(Effect.provide(Layer.mergeAll(machine, api)))

describe("the kubelet's server", () => {
  it.live("asks for a name, and whether it may", () =>
    test(function* ({ get, other }) {
      assert.strictEqual((yield* get("/pods", {})).code, 401)
      assert.strictEqual((yield* get("/pods", other)).code, 403)
      assert.deepStrictEqual(yield* get("/healthz"), { code: 200, text: "ok" })
      const { items } = JSON.parse((yield* get("/pods")).text)
      assert.deepStrictEqual(
        items.map(({ metadata }: Pod) => metadata.name),
        ["web"]
      )
    })
  )

  it.live("reads logs", () =>
    test(function* ({ get }) {
      assert.deepStrictEqual(yield* get("/containerLogs/default/web/main"), { code: 200, text: "one\ntwo\n" })
      assert.strictEqual((yield* get("/containerLogs/default/web/main?tailLines=1")).text, "two\n")
      assert.strictEqual((yield* get("/containerLogs/default/web/main?limitBytes=2")).text, "on")
      assert.match((yield* get("/containerLogs/default/web/main?timestamps=true&tailLines=1")).text, /^\d{4}-.*Z two\n$/)
      assert.strictEqual((yield* get("/containerLogs/default/web/main?previous=true")).code, 400)
      assert.strictEqual((yield* get("/containerLogs/default/other/main")).code, 404)
    })
  )

  it.live("runs commands, with their input and how they end", () =>
    test(function* ({ open }) {
      const failed = yield* open(
        "/exec/default/web/main?command=sh&command=-c&command=echo+out%3B+exit+3&output=1",
        () => undefined
      )
      assert.strictEqual(failed[0], "1 out\n")
      assert.match(failed.at(-1) ?? "", /^3 .*NonZeroExitCode.*"message":"3"/)
      const echoed = yield* open("/exec/default/web/main?command=cat&input=1&output=1", (socket) => {
        socket.send(Buffer.concat([Buffer.of(0), Buffer.from("in\n")]))
        socket.send(Buffer.of(255, 0))
      })
      assert.deepStrictEqual(echoed, ["1 in\n", '3 {"metadata":{},"status":"Success"}'])
    })
  )

  it.live("runs commands over SPDY, a stream for each of what goes in and comes out", () =>
    test(function* ({ spdy }) {
      const run = Effect.fnUntraced(function* (path: string, ...streams: ReadonlyArray<string>) {
        const client = yield* SpdyClient.over(yield* spdy(`/exec/default/web/main?${path}`))
        for (const [index, streamType] of streams.entries()) yield* client.open(2 * index + 1, { streamType })
        return client
      })
      const failed = yield* run("command=sh&command=-c&command=echo+out%3B+exit+3&output=1", "error", "stdout")
      yield* failed.until((seen) => seen.includes("goaway 0"))
      assert.include(failed.seen, "3: out\n")
      assert.isTrue(failed.seen.some((one) => /^1: .*NonZeroExitCode.*"message":"3"/.test(one)))
      const echoed = yield* run("command=cat&input=1&output=1", "error", "stdin", "stdout")
      echoed.data(3, "in\n")
      yield* echoed.until((seen) => seen.includes("5: in\n"))
      echoed.data(3, "", true)
      yield* echoed.until((seen) => seen.includes("goaway 0"))
      assert.isTrue(echoed.seen.some((one) => one.startsWith('1: {"metadata":{},"status":"Success"}')))
    })
  )

  it.live("shows a certificate that was renewed to whoever connects from then on", () =>
    test(function* ({ get, renew, shown }) {
      const before = yield* shown
      const serial = yield* renew
      assert.notStrictEqual(before, serial)
      yield* Effect.repeat(Effect.delay(shown, "10 millis"), { until: (one) => one === serial })
      assert.strictEqual((yield* get("/healthz")).code, 200)
    })
  )

  it.live("tells what containers use", () =>
    test(function* ({ get }) {
      const { pods } = JSON.parse((yield* get("/stats/summary")).text)
      assert.deepStrictEqual([pods[0].podRef.name, pods[0].containers[0].name], ["web", "main"])
      assert.match((yield* get("/metrics")).text, /^kubelet_running_pods 1$/m)
    })
  )
})
