/** Logs and commands, by way of a node. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:https"
import { WebSocket } from "ws"
import { type Cluster, start } from "./Cluster.ts"
import * as Node from "./Node.ts"

const pods = "/api/v1/namespaces/default/pods"

interface Said {
  readonly protocol: string
  readonly frames: ReadonlyArray<string>
  readonly code: number
}

/** Types `hi`, closes the input, and waits for the end. A refusal before the handshake is the answer's status and body. */
const exec = ({ admin, ca, port }: Cluster, path: string, protocol = "v5.channel.k8s.io") =>
  Effect.callback<Said | { readonly refused: number; readonly text: string }>((resume) => {
    const frames: Array<string> = []
    const socket = new WebSocket(`wss://127.0.0.1:${port}${pods}/${path}`, [protocol], { ca: ca.cert, ...admin.pair })
    socket.on("open", () => {
      socket.send(Buffer.from("\0hi"))
      socket.send(Buffer.from([255, 0]))
    })
    socket.on("message", (data: Buffer) => frames.push(`${data[0]} ${data.subarray(1).toString()}`))
    socket.on("close", (code) => resume(Effect.succeed({ protocol: socket.protocol, frames, code })))
    socket.on("error", () => {})
    socket.on("unexpected-response", (_request, response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on("end", () => resume(Effect.succeed({ refused: response.statusCode ?? 0, text })))
    })
  })

describe("logs", () => {
  it.live("come from the kubelet, with its options and its refusals", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { asked } = yield* Node.start(cluster)
        const { ask } = cluster.admin
        const log = yield* ask(`${pods}/p/log?follow=true&tailLines=5&nonsense=1`)
        expect(log).toMatchObject({ code: 200, text: "one\ntwo\n" })
        expect(log.headers["content-type"]).toBe("text/plain")
        expect(asked).toEqual(["/containerLogs/default/p/c?follow=true&tailLines=5"])
        const said = (path: string) => Effect.map(ask(`${pods}/${path}`), ({ code, json }) => `${code} ${json.message}`)
        expect(yield* said("two/log")).toBe("400 a container name must be specified for pod two, choose one of: [c broken]")
        expect(yield* said("two/log?container=x")).toBe("400 container x is not valid for pod two")
        expect(yield* said("two/log?container=broken")).toBe('400 container "broken" is waiting to start')
        expect(yield* said("p/log?tailLines=-1")).toMatch(/^422 PodLogOptions "p" is invalid: tailLines: Invalid value/)
        expect(yield* said("none/log")).toBe('404 pods "none" not found')
        expect(yield* ask(`${pods}/nowhere/log`)).toMatchObject({ code: 204, text: "" })
        expect(yield* said("p/log?tailLines=x")).toMatch(/^400 .*parsing "x": invalid syntax$/)
        expect(yield* said("p/log?sinceTime=x")).toMatch(/^400 parsing time "x" as/)
        const ann = yield* cluster.as("ann")
        expect((yield* ann.ask(`${pods}/p/log`)).code).toBe(403)
      })
    )
  )
})

/** What comes over a WebSocket that is only listened to. */
const listen = ({ admin, ca, port }: Cluster, path: string, protocols: ReadonlyArray<string>) =>
  Effect.callback<Said>((resume) => {
    const frames: Array<string> = []
    const socket = new WebSocket(`wss://127.0.0.1:${port}${pods}/${path}`, [...protocols], { ca: ca.cert, ...admin.pair })
    const isEncoded = protocols[0]?.startsWith("base64") === true
    const decode = (data: Buffer) => (isEncoded ? Buffer.from(data.toString(), "base64") : data).toString()
    socket.on("message", (data: Buffer) => frames.push(decode(data)))
    socket.on("close", (code) => resume(Effect.succeed({ protocol: socket.protocol, frames: [frames.join("")], code })))
  })

describe("logs over a WebSocket", () => {
  it.live("come as they are, or as base64", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* Node.start(cluster)
        const said = (protocol: string, text: string) => ({ protocol, frames: [text], code: 1000 })
        expect(yield* listen(cluster, "p/log", ["binary.k8s.io"])).toEqual(said("binary.k8s.io", "one\ntwo\n"))
        expect(yield* listen(cluster, "p/log", [])).toEqual(said("", "one\ntwo\n"))
        const base64 = ["base64.binary.k8s.io", "binary.k8s.io"]
        expect(yield* listen(cluster, "p/log", base64)).toEqual(said("base64.binary.k8s.io", "one\ntwo\n"))
        expect(yield* listen(cluster, "nowhere/log", ["binary.k8s.io"])).toEqual(said("binary.k8s.io", ""))
      })
    )
  )
})

describe("a command", () => {
  it.live("runs over two WebSockets, frame by frame", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { asked } = yield* Node.start(cluster)
        const done = { frames: ["1 hi", '3 {"status":"Success"}'], code: 1000 }
        expect(yield* exec(cluster, "p/exec?command=cat&command=-&stdin=true&stdout=true")).toEqual({
          ...done,
          protocol: "v5.channel.k8s.io"
        })
        expect(asked).toEqual(["/exec/default/p/c?command=cat&command=-&input=1&output=1"])
        expect(yield* exec(cluster, "p/attach?stdin=true", "v4.channel.k8s.io")).toEqual({
          ...done,
          protocol: "v4.channel.k8s.io"
        })
      })
    )
  )

  it.live("is refused before the handshake by the server, and after it by the kubelet", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* Node.start(cluster)
        expect(yield* exec(cluster, "none/exec?command=x")).toMatchObject({
          refused: 404,
          text: expect.stringContaining('pods \\"none\\" not found')
        })
        expect(yield* exec(cluster, "nowhere/exec?command=x")).toMatchObject({
          refused: 400,
          text: expect.stringContaining("does not have a host assigned")
        })
        expect(yield* exec(cluster, "p/exec?command=x", "nope")).toMatchObject({
          refused: 400,
          text: expect.stringContaining("v5.channel.k8s.io")
        })
        const told = yield* exec(cluster, "two/exec?command=x&container=broken")
        expect(told).toMatchObject({ code: 1000, frames: [expect.stringContaining("container not found")] })
      })
    )
  )

  it.live("wants an upgrade of the connection", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* Node.start(cluster)
        const said = (path: string) =>
          Effect.map(cluster.admin.ask(`${pods}/${path}`), ({ code, json }) => `${code} ${json.message}`)
        expect(yield* said("p/exec?command=x")).toBe("400 Upgrade request required")
        expect(yield* said("none/exec?command=x")).toBe('404 pods "none" not found')
        expect(yield* said("nowhere/attach")).toBe("400 pod nowhere does not have a host assigned")
        const ann = yield* cluster.as("ann")
        expect((yield* ann.ask(`${pods}/p/exec?command=x`)).code).toBe(403)
      })
    )
  )
})

describe("a proxy", () => {
  it.live("leads to the node", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { asked } = yield* Node.start(cluster)
        expect((yield* cluster.admin.ask("/api/v1/nodes/n1/proxy/stats/summary?a=b")).text).toBe("one\ntwo\n")
        expect(asked).toEqual(["/stats/summary?a=b"])
        const bare = yield* cluster.admin.ask("/api/v1/nodes/n1/proxy?a=b")
        expect(bare.code).toBe(301)
        expect(bare.headers["location"]).toBe("/api/v1/nodes/n1/proxy/?a=b")
      })
    )
  )

  it.live("takes WebSockets there, too", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { asked } = yield* Node.start(cluster)
        const path = "../../../nodes/n1/proxy/exec/default/p/c?command=cat&input=1&output=1"
        expect(yield* exec(cluster, path)).toEqual({
          protocol: "v5.channel.k8s.io",
          frames: ["1 hi", '3 {"status":"Success"}'],
          code: 1000
        })
        expect(asked).toEqual(["/exec/default/p/c?command=cat&input=1&output=1"])
      })
    )
  )

  it.live("leads to nobody on this machine, whatever a Pod says of its address", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { ask } = (yield* start()).admin
        const type = "application/merge-patch+json"
        yield* ask(pods, {
          method: "POST",
          body: { metadata: { name: "a" }, spec: { containers: [{ name: "c", image: "i" }] } }
        })
        const said = (path: string) =>
          Effect.map(ask(`${pods}/${path}/proxy/`), ({ code, json }) => `${code} ${json.message}`)
        expect(yield* said("a")).toBe("400 address not allowed")
        for (const podIP of ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"]) {
          yield* ask(`${pods}/a/status`, { method: "PATCH", type, body: { status: { podIP, podIPs: null } } })
          expect(yield* said("a:6443"), podIP).toBe("400 address not allowed")
        }
        expect(yield* said("a:b:c:d")).toBe('400 invalid pod request "a:b:c:d"')
      })
    )
  )
})

describe("connections to ports", () => {
  const forward = `${pods}/p/portforward`

  it.live("are SPDY out of a WebSocket", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { asked } = yield* Node.start(cluster)
        // The name of this protocol is none by the standard: the library that speaks WebSocket here would refuse it.
        const said = yield* Effect.callback<string>((resume) => {
          const headers = {
            ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
            ...{ "sec-websocket-key": Buffer.alloc(16).toString("base64") },
            "sec-websocket-protocol": "SPDY/3.1+portforward.k8s.io"
          }
          const about = { host: "127.0.0.1", port: cluster.port, path: forward, headers, agent: false }
          const call = request({ ...about, ca: cluster.ca.cert, ...cluster.admin.pair })
          call.on("upgrade", (answer, socket, head) => {
            let text = ""
            let buffered = head
            socket.on("data", (bytes: Buffer) => {
              buffered = Buffer.concat([buffered, bytes])
              for (let length = buffered[1] ?? 0; buffered.length >= 2 + length && length > 0; length = buffered[1] ?? 0) {
                text += buffered.subarray(2, 2 + length).toString()
                buffered = buffered.subarray(2 + length)
              }
              if (text.endsWith("bytes")) socket.destroy()
            })
            socket.on("close", () => resume(Effect.succeed(`${answer.headers["sec-websocket-protocol"]}: ${text}`)))
            // One binary frame, masked with zeros.
            socket.write(Buffer.concat([Buffer.from([0x82, 0x85, 0, 0, 0, 0]), Buffer.from("bytes")]))
          })
          call.on("response", (answer) => resume(Effect.succeed(`${answer.statusCode}`)))
          call.on("error", (error) => resume(Effect.succeed(String(error))))
          call.end()
        })
        expect(said).toBe("SPDY/3.1+portforward.k8s.io: hello bytes")
        expect(asked).toContain("/portForward/default/p")
      })
    )
  )

  it.live("and commands are SPDY from a client that speaks it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* Node.start(cluster)
        const ask = (path: string) =>
          Effect.callback<string>((resume) => {
            const headers = {
              ...{ connection: "Upgrade", upgrade: "SPDY/3.1" },
              "x-stream-protocol-version": "v4.channel.k8s.io,channel.k8s.io"
            }
            const about = { host: "127.0.0.1", port: cluster.port, path, method: "POST", headers, agent: false }
            const call = request({ ...about, ca: cluster.ca.cert, ...cluster.admin.pair })
            call.on("upgrade", (answer, socket, head) => {
              let text = head.toString()
              socket.on("data", (bytes: Buffer) => {
                text += bytes.toString()
                if (text.endsWith("bytes")) socket.end()
              })
              socket.on("close", () => resume(Effect.succeed(`${answer.headers["x-stream-protocol-version"]}: ${text}`)))
              socket.write("bytes")
            })
            call.on("response", (answer) => resume(Effect.succeed(`${answer.statusCode}`)))
            call.on("error", (error) => resume(Effect.succeed(String(error))))
            call.end()
          })
        expect(yield* ask(`${pods}/p/exec?command=cat&stdin=true&stdout=true`)).toBe("v4.channel.k8s.io: hello bytes")
        expect(yield* ask(`${pods}/two/exec?command=cat&container=broken`)).toBe("500")
        expect(yield* ask(`${pods}/nowhere/portforward`)).toBe("400")
      })
    )
  )
})
