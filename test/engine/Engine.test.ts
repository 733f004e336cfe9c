/** What Podman and Docker have in common, without either: frames, names, labels, and an API that answers as it likes. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Engine } from "../../adapters/cri/Engine.ts"
import { frames } from "../../adapters/cri/EngineFrames.ts"
import { fullName } from "../../adapters/cri/EngineImages.ts"
import * as Labels from "../../adapters/cri/EngineLabels.ts"
import { parse } from "../../adapters/cri/docker/JsonFile.ts"

const frame = (stream: number, text: string) => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

describe("frames", () => {
  it("are the same however they are cut", () => {
    const all = Buffer.concat([frame(1, "out"), frame(2, "err"), frame(1, ""), frame(1, "more")])
    for (let size = 1; size <= all.length; size++) {
      const take = frames()
      const said = { Stdout: "", Stderr: "" }
      for (let from = 0; from < all.length; from += size) {
        for (const { bytes, stream } of take(all.subarray(from, from + size))) said[stream] += bytes.toString()
      }
      assert.deepStrictEqual(said, { Stdout: "outmore", Stderr: "err" })
    }
  })
})

describe("names of images", () => {
  it.each([
    ["busybox", "docker.io/library/busybox:latest"],
    ["team/app:1", "docker.io/team/app:1"],
    ["localhost/app", "localhost/app:latest"],
    ["127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"],
    ["example.com/a/b@sha256:0", "example.com/a/b@sha256:0"]
  ])("%s is %s", (name, full) => assert.strictEqual(fullName(name), full))
})

describe("Docker's log file", () => {
  it("has lines, and parts of lines", () => {
    const entry = { log: "one\n", stream: "stderr", time: "2026-01-01T00:00:00.5Z" }
    assert.deepStrictEqual(parse(Buffer.from(JSON.stringify(entry))), {
      at: entry.time,
      stream: "stderr",
      line: Buffer.from("one\n")
    })
    assert.isUndefined(parse(Buffer.from("{}")))
  })
})

describe("labels", () => {
  it("say what was asked for the Pod, whatever labels it has of its own", () => {
    const pod = { uid: "u", namespace: "n", name: "p", attempt: 2, hostname: "h", network: { _tag: "host" } } as const
    const labels = Labels.ofPod({ ...pod, labels: { app: "a", [Labels.own.uid]: "other" }, cgroupParent: "/pods" })
    assert.deepInclude(labels, { [Labels.own.uid]: "u", [Labels.own.attempt]: "2" })
    const inspected = {
      ...{ Id: "0", Created: "", Image: "", HostConfig: { LogConfig: {} }, Config: { Labels: labels, Tty: false } },
      State: { Status: "", Pid: 0, ExitCode: 0, OOMKilled: false, StartedAt: "", FinishedAt: "" }
    }
    assert.deepInclude(Labels.shared(inspected), { host: true, cgroupParent: "/pods", processes: "own" })
    assert.isUndefined(Labels.shared({ ...inspected, Config: { Labels: null, Tty: false } }))
  })
})

const answer = ({ url = "" }: IncomingMessage, response: ServerResponse) => {
  if (url.startsWith("/v1/good")) return response.end(JSON.stringify({ Id: url }))
  if (url.startsWith("/v1/lines")) return response.end("one\ntwo\n")
  if (url.startsWith("/v1/strange")) return response.end("{")
  if (url.startsWith("/v1/never")) return response.flushHeaders()
  response.statusCode = 404
  return response.end(JSON.stringify({ cause: "none", message: "there is none" }))
}

const folder = mkdtempSync(join(tmpdir(), "kt-engine-"))
const socket = join(folder, "engine.sock")
const server = Layer.effectDiscard(
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const open = createServer(answer)
      open.listen(socket, () => resume(Effect.succeed(open)))
    }),
    (open) =>
      Effect.sync(() => {
        open.closeAllConnections()
        open.close()
        rmSync(folder, { recursive: true })
      })
  )
)
const Id = Schema.Struct({ Id: Schema.String })

layer(Layer.provideMerge(Engine.layer({ socket, base: "/v1" }), server), { excludeTestServices: true })("the API", (it) => {
  it.effect("is asked with a query", () =>
    Effect.gen(function* () {
      const { call } = yield* Engine
      assert.deepStrictEqual(yield* call("GET", "/good", Id, { query: { a: "b c" } }), { Id: "/v1/good?a=b+c" })
    })
  )
  it.effect("says what is wrong in its own words", () =>
    Effect.gen(function* () {
      const { hijack, lines, tell } = yield* Engine
      for (const asked of [tell("GET", "/none"), hijack("/none", {}), Stream.runDrain(lines("GET", "/none"))]) {
        const { detail, status } = yield* Effect.flip(asked)
        assert.deepStrictEqual([status, detail], [404, "there is none"])
      }
    })
  )
  it.effect("is not believed what it should not say, nor waited for without end", () =>
    Effect.gen(function* () {
      const { call } = yield* Engine
      assert.strictEqual((yield* Effect.flip(call("GET", "/strange", Id))).status, 0)
      const { detail } = yield* Effect.flip(call("GET", "/never", Id, { within: "50 millis" }))
      assert.strictEqual(detail, "no answer in time")
    })
  )
  it.effect("tells line by line", () =>
    Effect.gen(function* () {
      const { lines } = yield* Engine
      assert.deepStrictEqual(yield* Stream.runCollect(lines("GET", "/lines")), ["one", "two"])
    })
  )
})
