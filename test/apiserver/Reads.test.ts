/** What a reader may ask: versions, pages, media types and compression, as a kube-apiserver of 1.36 answers them. */
import { describe, expect, it } from "@effect/vitest"
import { decode } from "cbor-x"
import { Effect } from "effect"
import { request } from "node:https"
import { gunzipSync } from "node:zlib"
import { type Cluster, start } from "./Cluster.ts"

const configMaps = "/api/v1/namespaces/default/configmaps"
const create = ({ admin }: Cluster, name: string, data: object = {}) =>
  admin.ask(configMaps, { method: "POST", body: { metadata: { name }, data } })

/** The body as it came. */
const bytesOf = ({ admin, ca, port }: Cluster, path: string, headers: { readonly [name: string]: string }) =>
  Effect.callback<{ readonly headers: object; readonly body: Buffer }>((resume) => {
    const { pair } = admin
    if (pair === undefined) throw new Error("the admin has no certificate")
    const options = { host: "127.0.0.1", port, path, headers, ca: ca.cert, ...pair }
    request(options, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => resume(Effect.succeed({ headers: response.headers, body: Buffer.concat(chunks) })))
    }).end()
  })

const token = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

describe("a list", () => {
  it.live("is told as of a version, or as of now, and goes on as of where it began", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { admin } = cluster
        const list = (query: string) =>
          Effect.map(admin.ask(`${configMaps}?${query}`), ({ code, json }) =>
            code === 200
              ? json.items.map((item: { readonly metadata: { readonly name: string } }) => item.metadata.name).join("")
              : `${code} ${json.reason}: ${json.message}`
          )
        for (const name of ["a", "b", "c"]) yield* create(cluster, name)
        const { json } = yield* admin.ask(`${configMaps}?limit=1`)
        const { continue: next, resourceVersion: then } = json.metadata
        yield* create(cluster, "d")

        expect(yield* list(`continue=${next}`)).toBe("bc")
        expect(yield* list(`resourceVersion=${then}`)).toBe("abcd")
        expect(yield* list(`resourceVersion=${then}&resourceVersionMatch=Exact`)).toBe("abc")
        expect(yield* list(`resourceVersion=${then}&limit=3`)).toBe("abc")
        expect(yield* list(`resourceVersion=${then}&resourceVersionMatch=NotOlderThan&limit=4`)).toBe("abcd")
        expect(yield* list("resourceVersion=0&limit=1")).toBe("abcd")
        expect(yield* list(`continue=${token({ v: "meta.k8s.io/v1", rv: -1, start: "default/b" })}`)).toBe("cd")
        const bad = "400 BadRequest: invalid continue token: continue key is not valid:"
        expect(yield* list(`resourceVersion=${then}&continue=${next}`)).toBe(
          "400 BadRequest: specifying resource version is not allowed when using continue"
        )
        expect(yield* list("continue=bad")).toBe(`${bad} invalid character 'm' looking for beginning of value`)
        expect(yield* list(`continue=${token({ v: "v2", rv: 1, start: "a" })}`)).toBe(
          `${bad} server does not recognize this encoded version "v2"`
        )
        expect(yield* list("resourceVersion=x")).toBe(
          '400 BadRequest: invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'
        )
      })
    )
  )
})

describe("an answer", () => {
  it.live("is CBOR for whoever asks for it, also as a list and as a watch", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "a", { key: "value" })
        const ask = (path: string, accept: string) => bytesOf(cluster, path, { accept })
        const one = yield* ask(`${configMaps}/a`, "application/cbor")
        expect(one.headers).toMatchObject({ "content-type": "application/cbor" })
        expect(one.body.subarray(0, 3).toString("hex")).toBe("d9d9f7")
        expect(decode(one.body.subarray(3))).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { key: "value" } })
        const list = yield* ask(configMaps, "application/cbor, application/json;q=0.9")
        const { items, kind } = decode(list.body.subarray(3))
        expect([kind, items.length, items[0].kind, items[0].data]).toEqual(["ConfigMapList", 1, undefined, { key: "value" }])
        const watch = yield* ask(`${configMaps}?watch=1&timeoutSeconds=1`, "application/cbor-seq")
        expect(watch.headers).toMatchObject({ "content-type": "application/cbor-seq" })
        expect(decode(watch.body)).toMatchObject({ type: "ADDED", object: { metadata: { name: "a" } } })
      })
    )
  )

  it.live("is compressed from 128 KiB on, for whoever takes that", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "small")
        for (const name of ["b", "c", "d", "e"]) yield* create(cluster, name, { text: "0123456789".repeat(40_000) })
        const ask = (path: string, encoding: string) => bytesOf(cluster, path, { "accept-encoding": encoding })
        expect((yield* ask(`${configMaps}/small`, "gzip")).headers).not.toHaveProperty("content-encoding")
        expect((yield* ask(`${configMaps}/b`, "gzip;q=0")).headers).not.toHaveProperty("content-encoding")
        const plain = yield* ask(configMaps, "identity")
        // One in a single slice, and many in several.
        for (const path of [`${configMaps}/b`, configMaps]) {
          const { body, headers } = yield* ask(path, "deflate, gzip")
          expect(headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" })
          const whole = gunzipSync(body)
          expect(JSON.parse(whole.toString()).kind).toMatch(/^ConfigMap/)
          if (path === configMaps) expect(whole.equals(plain.body)).toBe(true)
        }
      })
    )
  )

  it.live("is in the form that is wanted most, or in none", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const ask = (accept: string) => admin.ask(configMaps, { headers: { accept } })
        expect((yield* ask("application/json;q=0.5,application/yaml")).headers["content-type"]).toBe("application/yaml")
        const unknown = yield* ask("text/html")
        expect([unknown.code, unknown.json.message]).toEqual([
          406,
          "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
        ])
        const impossible = yield* ask("application/json;as=Table;v=v9;g=meta.k8s.io")
        expect([impossible.code, impossible.json.message]).toEqual([
          406,
          "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        ])
      })
    )
  )
})
