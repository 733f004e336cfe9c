/** Answers to clients that ask for protobuf first, as every typed Go client of built-in kinds does. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { Agent, request } from "node:https"
import * as Protobuf from "../../plugins/apiserver/protobuf/Protobuf.ts"
import { type Cluster, start } from "./Cluster.ts"

const accept = `${Protobuf.mediaType},application/json`
const pods = "/api/v1/namespaces/default/pods"
const pod = (name: string) => ({
  metadata: { name, labels: { app: "web" } },
  spec: { containers: [{ name: "a", image: "b", ports: [{ containerPort: 80 }], resources: { limits: { cpu: "500m" } } }] }
})

interface Answered {
  readonly type: string
  readonly code: number
  readonly bytes: Buffer
}
/** Reads to the end, or until there is enough. */
const ask = (
  { admin, ca, port }: Cluster,
  path: string,
  asked: { readonly method?: string; readonly accept?: string; readonly body?: object } = {},
  isEnough: (bytes: Buffer) => boolean = () => false
) =>
  Effect.callback<Answered>((resume) => {
    const headers = { accept: asked.accept ?? accept, "content-type": "application/json" }
    const agent = new Agent({ ca: ca.cert, ...admin.pair })
    const sent = request({ host: "127.0.0.1", port, path, method: asked.method ?? "GET", agent, headers }, (response) => {
      let bytes = Buffer.alloc(0)
      const done = () => {
        sent.destroy()
        resume(Effect.succeed({ type: response.headers["content-type"] ?? "", code: response.statusCode ?? 0, bytes }))
      }
      response.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        if (isEnough(bytes)) done()
      })
      response.on("end", done)
    })
    sent.on("error", () => {})
    sent.end(asked.body && JSON.stringify(asked.body))
  })

/** What the reader of protobuf makes of it. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers as they expect them
const read = (bytes: Uint8Array): any => Result.getOrThrow(Protobuf.decodeBody(bytes))

/** Each event of a watch: a WatchEvent of a length that stands before it. */
const framesOf = (bytes: Buffer): ReadonlyArray<readonly [type: string, object: ReturnType<typeof read>]> => {
  const frames: Array<readonly [string, unknown]> = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    const event = bytes.subarray(at + 4, end)
    const type = event.subarray(2, 2 + (event[1] ?? 0)).toString()
    frames.push([type, read(event.subarray(event.indexOf("k8s\0")))])
    at = end
  }
  return frames
}

describe("protobuf", () => {
  it.live("is what one object, a list, metadata and a Status are answered in", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const made = yield* ask(cluster, pods, { method: "POST", body: pod("a") })
        expect([made.code, made.type]).toEqual([201, Protobuf.mediaType])
        const json = (yield* cluster.admin.ask(`${pods}/a`)).json
        expect(read(made.bytes).metadata).toEqual(json.metadata)
        expect(read((yield* ask(cluster, `${pods}/a`)).bytes).spec).toEqual(json.spec)

        yield* cluster.admin.ask(pods, { method: "POST", body: pod("b") })
        const list = yield* ask(cluster, `${pods}?limit=1`)
        expect([list.code, list.type]).toEqual([200, Protobuf.mediaType])
        expect(list.bytes.includes("PodList")).toBe(true)
        expect(list.bytes.includes(json.metadata.uid)).toBe(true)

        const partial = `${Protobuf.mediaType};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json`
        const metadata = read((yield* ask(cluster, `${pods}/a`, { accept: partial })).bytes)
        expect(metadata).toEqual({ apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata: json.metadata })

        const missing = yield* ask(cluster, `${pods}/none`)
        expect([missing.code, missing.type]).toEqual([404, Protobuf.mediaType])
        expect(read(missing.bytes)).toMatchObject({
          kind: "Status",
          reason: "NotFound",
          code: 404,
          details: { name: "none" }
        })
        const as = "as=Table;g=meta.k8s.io;v=v1"
        const table = `${Protobuf.mediaType};${as},application/json;${as}`
        expect((yield* ask(cluster, `${pods}/a`, { accept: table })).type).toBe("application/json")
      })
    )
  )

  it.live("is what a watch is written in", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* cluster.admin.ask(pods, { method: "POST", body: pod("a") })
        const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        const { bytes, type } = yield* ask(cluster, `${pods}?${query}`, {}, (bytes) => bytes.includes("BOOKMARK"))
        expect(type).toBe(Protobuf.watchType)
        const [added, bookmark] = framesOf(bytes)
        expect(added).toMatchObject(["ADDED", { kind: "Pod", apiVersion: "v1", metadata: { name: "a" } }])
        const annotations = { "k8s.io/initial-events-end": "true" }
        expect(bookmark).toMatchObject(["BOOKMARK", { kind: "Pod", metadata: { annotations } }])
      })
    )
  )

  it.live("leaves a list of JSON without the kind of its items", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        for (const name of ["a", "b"]) yield* admin.ask(pods, { method: "POST", body: pod(name) })
        const { items } = (yield* admin.ask(pods)).json
        for (const item of items) expect(Object.keys(item)[0]).toBe("metadata")
        expect(items.flatMap(Object.keys)).not.toContain("kind")
        expect((yield* admin.ask(`${pods}/a`)).json).toEqual({ kind: "Pod", apiVersion: "v1", ...items[0] })
      })
    )
  )
})
