/**
 * As much of etcd's API, version 3, as a kube-apiserver uses: one HTTP/2 connection over which Txn, Range and Watch go as gRPC.
 * It is spoken on `node:http2` directly: a gRPC library between would cost etcd's figures more than ours.
 */
import { Effect } from "effect"
import { type ClientHttp2Session, connect, constants } from "node:http2"
import protobuf from "protobufjs"

/** Names and numbers of the fields are etcd's (`rpc.proto`, `kv.proto`); those that nobody here reads are left out. */
const { root } = protobuf.parse(
  `syntax = "proto3";
  message Header { int64 revision = 3; }
  message KeyValue { bytes key = 1; int64 mod_revision = 3; bytes value = 5; }
  message Compare { int32 result = 1; int32 target = 2; bytes key = 3; int64 mod_revision = 6; }
  message RangeRequest { bytes key = 1; bytes range_end = 2; int64 limit = 3; int64 revision = 4; }
  message RangeResponse { Header header = 1; repeated KeyValue kvs = 2; bool more = 3; int64 count = 4; }
  message PutRequest { bytes key = 1; bytes value = 2; }
  message RequestOp { RangeRequest request_range = 1; PutRequest request_put = 2; }
  message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3; }
  message TxnResponse { Header header = 1; bool succeeded = 2; }
  message WatchCreate { bytes key = 1; bytes range_end = 2; }
  message WatchRequest { WatchCreate create_request = 1; }`,
  { keepCase: true }
)

export interface KeyValue {
  readonly key: string
  readonly revision: number
  readonly value: Uint8Array
}

const framed = (type: string, message: object) => {
  const bytes = root.lookupType(type).encode(message).finish()
  const frame = Buffer.allocUnsafe(5 + bytes.length)
  frame[0] = 0
  frame.writeUInt32BE(bytes.length, 1)
  frame.set(bytes, 5)
  return frame
}

/** The whole messages at the beginning of what has come, and what is left. */
const unframed = (bytes: Buffer) => {
  const messages: Buffer[] = []
  let at = 0
  while (bytes.length - at >= 5) {
    const end = at + 5 + bytes.readUInt32BE(at + 1)
    if (end > bytes.length) break
    messages.push(bytes.subarray(at + 5, end))
    at = end
  }
  return { messages, rest: bytes.subarray(at) }
}

const decoder = (type: string) => {
  const found = root.lookupType(type)
  return (bytes: Uint8Array) =>
    found.toObject(found.decode(bytes), { longs: Number, defaults: true, arrays: true, objects: true })
}

const open = (session: ClientHttp2Session, path: string) =>
  session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: `/etcdserverpb.${path}`,
    "content-type": "application/grpc",
    te: "trailers"
  })

const call = (session: ClientHttp2Session, path: string, request: Buffer) =>
  Effect.callback<Buffer, Error>((resume) => {
    const stream = open(session, path)
    const chunks: Buffer[] = []
    let status = "no status"
    let detail = ""
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    const read = (headers: { readonly [name: string]: unknown }) => {
      status = String(headers["grpc-status"] ?? status)
      detail = String(headers["grpc-message"] ?? detail)
    }
    stream.on("response", read)
    stream.on("trailers", read)
    stream.on("error", (error) => resume(Effect.fail(error)))
    stream.on("end", () => {
      const [message] = unframed(Buffer.concat(chunks)).messages
      const answered = status === "0" && message !== undefined
      resume(answered ? Effect.succeed(message) : Effect.fail(new Error(`etcd: ${path}: ${status} ${detail}`)))
    })
    stream.end(request)
  })

/** What a prefix ends before. */
const endOf = (prefix: string) =>
  Buffer.from(`${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`)

const answers = { txn: decoder("TxnResponse"), range: decoder("RangeResponse") }

export const make = Effect.fnUntraced(function* (endpoint: string) {
  const session = yield* Effect.acquireRelease(
    Effect.sync(() => connect(endpoint, { settings: { initialWindowSize: 4 * 1024 * 1024 } })),
    (session) => Effect.sync(() => session.destroy())
  )
  session.on("connect", () => session.setLocalWindowSize(16 * 1024 * 1024))
  session.on("error", () => session.destroy())

  /** Puts a value if the key's revision is still `prev`, else asks for what is there: what a kube-apiserver sends for a write. */
  const put = (key: string, value: Uint8Array, prev: number) => {
    const name = Buffer.from(key)
    const request = framed("TxnRequest", {
      compare: [{ result: 0, target: 2, key: name, mod_revision: prev }],
      success: [{ request_put: { key: name, value } }],
      failure: [{ request_range: { key: name } }]
    })
    return call(session, "KV/Txn", request).pipe(
      Effect.map(answers.txn),
      Effect.flatMap(({ header, succeeded }) =>
        succeeded === true ? Effect.succeed(Number(header.revision)) : Effect.fail(new Error(`etcd: ${key} has changed`))
      )
    )
  }

  /** All under a prefix at one revision, in pages as large as a kube-apiserver's: 10,000. */
  const list = Effect.fnUntraced(function* (prefix: string, each: (one: KeyValue) => void) {
    let from: Buffer = Buffer.from(prefix)
    let revision = 0
    for (;;) {
      const request = framed("RangeRequest", { key: from, range_end: endOf(prefix), limit: 10_000, revision })
      const { header, kvs, more } = answers.range(yield* call(session, "KV/Range", request))
      revision ||= Number(header.revision)
      for (const { key, mod_revision, value } of kvs)
        each({ key: Buffer.from(key).toString(), revision: mod_revision, value })
      if (more !== true) return revision
      from = Buffer.concat([kvs.at(-1).key, Buffer.of(0)])
    }
  })

  /** Done when etcd says that it watches; what comes then is not decoded. */
  const watch = (prefix: string, take: (chunk: Buffer) => void) =>
    Effect.callback<void, Error>((resume) => {
      const stream = open(session, "Watch/Watch")
      stream.on("error", (error) => resume(Effect.fail(error)))
      stream.once("data", () => {
        stream.on("data", take)
        resume(Effect.void)
      })
      stream.write(framed("WatchRequest", { create_request: { key: Buffer.from(prefix), range_end: endOf(prefix) } }))
    })

  return { put, list, watch }
})
export type EtcdApi = Effect.Success<ReturnType<typeof make>>
