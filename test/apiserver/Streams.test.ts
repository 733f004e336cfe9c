/** Logs and commands, by way of a node. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
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
        expect(yield* ask(`${pods}/nowhere/log`)).toMatchObject({ code: 200, text: "" })
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
        expect((yield* cluster.admin.ask(`${pods}/p/exec?command=x`)).json).toMatchObject({
          code: 400,
          message: "Upgrade request required"
        })
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
})
