/** CBOR as clients send it. */
import { describe, expect, it } from "@effect/vitest"
import { encode } from "cbor-x"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { request } from "node:https"
import * as CborReader from "../../plugins/apiserver/CborReader.ts"
import { start } from "./Cluster.ts"

const refused = (...bytes: ReadonlyArray<number>) => Result.getOrThrow(Result.flip(CborReader.read(Buffer.from(bytes))))
const read = (...bytes: ReadonlyArray<number>) => Result.getOrThrow(CborReader.read(Buffer.from(bytes)))

describe("CBOR", () => {
  it("is read as the JSON that it was made of", () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const json = JSON.parse(JSON.stringify(value))
        expect(Result.getOrThrow(CborReader.read(encode(json)))).toEqual(json)
      })
    ))

  it("may have strings as bytes, and bytes as what their tag says", () => {
    expect(read(0xa1, 0x41, 0x61, 0x42, 0x62, 0x63)).toEqual({ a: "bc" })
    expect(read(0xd6, 0x43, 1, 2, 3)).toBe("AQID")
    expect(read(0xd9, 0xd9, 0xf7, 0x80)).toEqual([])
    expect(read(0xf9, 0x3c, 0x00)).toBe(1)
    expect(read(0x3b, 0, 0, 0, 0, 0, 0, 0, 9)).toBe(-10)
  })

  it("is refused where it is not whole, ambiguous, or nothing that JSON has", () => {
    expect(refused()).toBe("cbor: it ends before it is whole")
    expect(refused(0x9a, 0xff, 0xff, 0xff, 0xff)).toBe("cbor: it ends before it is whole")
    expect(refused(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2)).toBe('cbor: the key "a" twice')
    expect(refused(0xa1, 1, 2)).toBe("cbor: a key that is no text")
    expect(refused(0x9f, 0xff)).toBe("cbor: a length that is not said at once")
    expect(refused(0xf7)).toBe("cbor: a value that JSON has not")
    expect(refused(0xf9, 0x7e, 0x00)).toBe("cbor: a number that is not finite")
    expect(refused(0x61, 0xff)).toBe("cbor: a text that is no UTF-8")
    expect(refused(1, 1)).toBe("cbor: more than one item")
    expect(refused(...new Array(100).fill(0x81), 1)).toBe("cbor: exceeded max nested level 64")
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void CborReader.read(Buffer.from(bytes))))
  })

  it.live("creates and applies", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin, ca, port } = yield* start()
        const send = (method: string, path: string, type: string, body: Buffer) =>
          Effect.callback<number>((resume) => {
            const headers = { "content-type": type, "content-length": body.length }
            const options = { port, method, path, headers, ca: ca.cert, ...admin.pair }
            const call = request(options, (answer) => {
              answer.resume()
              resume(Effect.succeed(answer.statusCode ?? 0))
            })
            call.end(body)
          })
        const path = "/api/v1/namespaces/default/configmaps"
        const named = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }
        expect(yield* send("POST", path, "application/cbor", encode({ ...named, data: { a: "1" } }))).toBe(201)
        expect(yield* send("POST", path, "application/cbor", Buffer.from([0xff]))).toBe(400)
        const apply = encode({ ...named, data: { b: "2" } })
        expect(yield* send("PATCH", `${path}/a?fieldManager=m`, "application/apply-patch+cbor", apply)).toBe(200)
        expect((yield* admin.ask(`${path}/a`)).json.data).toEqual({ a: "1", b: "2" })
      })
    )
  )
})
