/**
 * Snapshots as objects of a bucket, at AWS or at whatever else speaks S3. Small ones are put at once, large ones in parts; either way
 * an object is there when it is whole.
 */
import { Clock, Effect, Layer, Schedule, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import * as Contract from "../../kernel/plugin/Contract.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Kept, NoSuchSnapshot, SnapshotStorage } from "../../plugins/snapshots/contracts/SnapshotStorage.ts"
import { type Credentials, encode, sign } from "./SigV4.ts"

export interface Options {
  readonly bucket: string
  /** Before the names of snapshots, such as `clusters/one/`; may be empty. */
  readonly prefix: string
  readonly region: string
  /** Such as `https://minio.example:9000`; AWS itself where nothing is said. */
  readonly endpoint?: string
  readonly credentials: Credentials
}

export class S3Refused extends Schema.TaggedError<S3Refused>()("S3Refused", {
  status: Schema.Int,
  code: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `S3 says ${this.status} ${this.code}: ${this.detail}`
  }
}

const unavailable = (cause: unknown) =>
  new Contract.Unavailable({ contract: SnapshotStorage.key, applied: "unknown", cause })

/** All parts but the last have to have five mebibytes. A snapshot is not larger than ten thousand of them. */
const partSize = 8 * 1024 * 1024
const patience = "60 seconds"

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }
const unescaped = (text: string) => text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name] ?? "")
/** What stands in the elements of a name. S3's answers have no attributes in those that are read, and no nesting of a name. */
const elements = (xml: string, name: string) =>
  [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map(([, text = ""]) => unescaped(text))
const element = (xml: string, name: string) => elements(xml, name)[0] ?? ""

interface Asked {
  readonly method: string
  readonly name?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

const requests = ({ bucket, credentials, endpoint, prefix, region }: Options) => {
  const base = endpoint ?? `https://s3.${region}.amazonaws.com`
  const urlOf = ({ name, query = {} }: Asked) => {
    const key = name === undefined ? "" : `${prefix}${name}`
    const path = [bucket, ...(key === "" ? [] : key.split("/"))].map(encode).join("/")
    const url = new URL(`${base.replace(/\/$/, "")}/${path}`)
    url.search = Object.entries(query)
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .join("&")
    return url
  }
  const once = Effect.fnUntraced(function* (asked: Asked) {
    const url = urlOf(asked)
    const { body, method } = asked
    const headers = sign({ method, url, ...(body && { body }) }, credentials, {
      region,
      time: yield* Clock.currentTimeMillis
    })
    const response = yield* Effect.tryPromise({
      try: (signal) => fetch(url, { method, headers, signal, ...(body && { body: new Uint8Array(body) }) }),
      catch: (cause) => (cause instanceof Error && cause.cause !== undefined ? cause.cause : cause)
    })
    if (response.ok) return response
    const text = yield* Effect.tryPromise(() => response.text())
    const detail = element(text, "Message") || response.statusText
    return yield* new S3Refused({ status: response.status, code: element(text, "Code"), detail })
  })
  const passes = (error: unknown) => !(error instanceof S3Refused) || error.status >= 500 || error.status === 429
  /** Whatever is asked can be asked again. */
  return (asked: Asked) =>
    once(asked).pipe(
      Effect.timeout(patience),
      Effect.retry({ schedule: Schedule.exponential("200 millis"), times: 4, while: passes })
    )
}

const textOf = (response: Response) => Effect.tryPromise(() => response.text())

interface Writing {
  readonly name: string
  pieces: Array<Uint8Array>
  length: number
  /** Of the upload in parts, once there is more than one. */
  upload: string | undefined
  readonly tags: Array<string>
}

const make = (options: Options) =>
  Effect.sync(() => {
    const send = requests(options)
    const writing = new Map<string, Writing>()
    const known = (id: string) =>
      Effect.suspend(() => {
        const found = writing.get(id)
        return found === undefined ? Effect.fail(`nothing was begun as ${id}`) : Effect.succeed(found)
      })

    const page = Effect.fnUntraced(function* (from: string) {
      const query = { "list-type": "2", prefix: options.prefix, ...(from !== "" && { "continuation-token": from }) }
      const xml = yield* Effect.flatMap(send({ method: "GET", query }), textOf)
      const kept = [...xml.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)].map(
        ([, one = ""]): Kept => ({
          name: element(one, "Key").slice(options.prefix.length),
          bytes: Number(element(one, "Size")),
          time: Date.parse(element(one, "LastModified"))
        })
      )
      return { kept, next: element(xml, "IsTruncated") === "true" ? element(xml, "NextContinuationToken") : "" }
    })
    const list = Effect.gen(function* () {
      const all: Array<Kept> = []
      for (let from = ""; ; ) {
        const { kept, next } = yield* page(from)
        all.push(...kept.filter(({ name }) => name !== "" && !name.includes("/")))
        if (next === "") return all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
        from = next
      }
    })

    const sendPart = Effect.fnUntraced(function* (one: Writing) {
      if (one.upload === undefined) {
        const answer = yield* send({ method: "POST", name: one.name, query: { uploads: "" } })
        one.upload = element(yield* textOf(answer), "UploadId")
      }
      const body = Buffer.concat(one.pieces)
      one.pieces = []
      one.length = 0
      const query = { partNumber: `${one.tags.length + 1}`, uploadId: one.upload }
      const { headers } = yield* send({ method: "PUT", name: one.name, query, body })
      one.tags.push(headers.get("etag") ?? "")
    })
    const complete = Effect.fnUntraced(function* (one: Writing) {
      if (one.upload === undefined) {
        yield* send({ method: "PUT", name: one.name, body: Buffer.concat(one.pieces) })
        return
      }
      if (one.length > 0) yield* sendPart(one)
      const parts = one.tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
      const body = Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`)
      const answer = yield* send({ method: "POST", name: one.name, query: { uploadId: one.upload }, body })
      // It may say that it could not, after it has begun to say that it could.
      const xml = yield* textOf(answer)
      if (xml.includes("<Error>")) {
        return yield* new S3Refused({ status: answer.status, code: element(xml, "Code"), detail: element(xml, "Message") })
      }
    })
    const absent = (cause: unknown) => cause instanceof S3Refused && cause.status === 404

    return SnapshotStorage.of({
      list: () => Effect.mapError(list, unavailable),
      read: ({ name }) =>
        Stream.unwrap(
          send({ method: "GET", name }).pipe(
            Effect.mapError((cause) => (absent(cause) ? new NoSuchSnapshot({ name }) : unavailable(cause))),
            Effect.map(({ body }) =>
              body === null ? Stream.empty : Stream.fromReadableStream({ evaluate: () => body, onError: unavailable })
            )
          )
        ),
      begin: ({ name }) =>
        Effect.sync(() => {
          const id = randomUUID()
          writing.set(id, { name, pieces: [], length: 0, upload: undefined, tags: [] })
          return id
        }),
      add: ({ bytes, id }) =>
        Effect.gen(function* () {
          const one = yield* known(id)
          one.pieces.push(bytes)
          one.length += bytes.length
          if (one.length >= partSize) yield* sendPart(one)
        }).pipe(Effect.mapError(unavailable)),
      complete: ({ id }) =>
        Effect.gen(function* () {
          yield* complete(yield* known(id))
          writing.delete(id)
        }).pipe(Effect.mapError(unavailable)),
      abandon: ({ id }) =>
        Effect.gen(function* () {
          const one = writing.get(id)
          writing.delete(id)
          if (one?.upload === undefined) return
          yield* send({ method: "DELETE", name: one.name, query: { uploadId: one.upload } })
        }).pipe(Effect.mapError(unavailable)),
      remove: ({ name }) => Effect.mapError(Effect.asVoid(send({ method: "DELETE", name })), unavailable)
    })
  })

export const layer = (options: Options) => Layer.effect(SnapshotStorage, make(options))

export const plugin = (options: Options) =>
  Plugin.make({ name: "snapshot-s3", offers: [SnapshotStorage], layer: layer(options) })
