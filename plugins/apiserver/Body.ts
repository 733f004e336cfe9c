/** The body of a request: read up to a limit, and decoded from JSON, YAML or protobuf. */
import { type Context, Duration, Effect, Predicate, Result, type Schema } from "effect"
import { BadRequest, RequestTooLarge, UnsupportedMediaType } from "../../kernel/client/Errors.ts"
import * as Duplicates from "../../kernel/resource/Duplicates.ts"
import * as Cbor from "./Cbor.ts"
import * as CborReader from "./CborReader.ts"
import { header, type Incoming } from "./Exchange.ts"
import * as Protobuf from "./protobuf/Protobuf.ts"
import * as Yaml from "./yaml/Yaml.ts"

/** Of the upstream API server. */
export const bodyLimit = 3 * 1024 * 1024

/** How long a client may take to send it, in seconds. */
const patience = 60
const given = Duration.seconds(patience)
const late = new BadRequest({ detail: `the body of the request did not come within ${patience} seconds` })

/** Stops reading at the limit: what is longer is refused, not kept. */
export const read = (incoming: Incoming): Effect.Effect<Buffer, RequestTooLarge | BadRequest> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.callback<Buffer, RequestTooLarge | BadRequest>((resume) => {
      // A fiber less than by a race, since every write waits here.
      const timer = Effect.runForkWith(context)(
        Effect.andThen(
          Effect.sleep(given),
          Effect.sync(() => resume(Effect.fail(late)))
        )
      )
      receive(incoming, (body) => {
        timer.interruptUnsafe()
        resume(body)
      })
      return Effect.sync(() => timer.interruptUnsafe())
    })
  )

const receive = (incoming: Incoming, done: (body: Effect.Effect<Buffer, RequestTooLarge | BadRequest>) => void) => {
  const tooLarge = () => done(Effect.fail(new RequestTooLarge({ limit: bodyLimit })))
  if (Number(incoming.headers["content-length"] ?? 0) > bodyLimit) tooLarge()
  let chunks: Array<Buffer> = []
  let bytes = 0
  incoming.on("data", (chunk) => {
    bytes += chunk.length
    if (bytes <= bodyLimit) chunks.push(chunk)
    else {
      chunks = []
      tooLarge()
    }
  })
  incoming.on("end", () =>
    done(Effect.succeed(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
  )
  incoming.on("error", () => done(Effect.fail(new BadRequest({ detail: "the request ended before its body" }))))
}

export const mediaType = (incoming: Incoming): string => {
  const given = header(incoming, "content-type") ?? ""
  const [type = ""] = given.split(";")
  return type.trim().toLowerCase()
}

/** What clients are told of: CBOR is for those that know. */
const readable = ["application/json", "application/yaml", Protobuf.mediaType]

/** The beginning of what was sent, as upstream shows it. */
const shownLength = 30
const shown = (bytes: Buffer) => {
  if (bytes.length === 0) return "<empty>"
  const part = bytes.subarray(0, shownLength).toString(bytes[0] === 0x7b ? "utf8" : "hex")
  return bytes.length > shownLength ? `${part} ...` : part
}
const unrecognized = (kind: string, bytes: Buffer) => (why: string) =>
  `the object provided is unrecognized (must be of type ${kind}): ${why} (${shown(bytes)})`
const unreadable = (kind: string, bytes: Buffer) => {
  const words = unrecognized(kind, bytes)
  return (why: string) => words(`couldn't get version/kind; json parse error: ${why}`)
}

const isRecord = (value: unknown): value is Schema.JsonObject => Predicate.isObject(value)

/** Nothing that is meant well is nested more deeply, and whoever walks through it has a stack that ends. */
const deepest = 1000
const tooDeep = `exceeded max depth of ${deepest}`

const quote = 0x22
const backslash = 0x5c
/** By brackets alone: a text that is no JSON is for the parser to refuse. */
const isTooDeep = (bytes: Buffer): boolean => {
  if (bytes.length <= 2 * deepest) return false
  let depth = 0
  let isText = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (isText && byte === backslash) at++
    else if (byte === quote) isText = !isText
    else if (!isText && (byte === 0x5b || byte === 0x7b)) {
      if (++depth > deepest) return true
    } else if (!isText && (byte === 0x5d || byte === 0x7d)) depth--
  }
  return false
}

const reason = (why: unknown) => (Predicate.isError(why) ? why.message : String(why))

const parseJson = (bytes: Buffer): Result.Result<unknown, string> => {
  if (isTooDeep(bytes)) return Result.fail(tooDeep)
  return Result.try({ try: () => JSON.parse(bytes.toString()), catch: reason })
}

/** What is JSON is read as JSON, whatever the client calls it: that is where most of what is long comes from. */
const parseYaml = (bytes: Buffer): Effect.Effect<unknown, string> => {
  if (bytes[0] !== 0x7b) return Yaml.read(bytes)
  const json = parseJson(bytes)
  if (Result.isFailure(json) && json.failure === tooDeep) return Effect.fail(tooDeep)
  return Result.isSuccess(json) ? Effect.succeed(json.success) : Yaml.read(bytes)
}

/** Any JSON value: what a patch is. YAML is JSON in another dress. `words` say what is wrong with one that is none. */
export const json = (
  bytes: Buffer,
  isYaml: boolean,
  words: (why: string) => string
): Effect.Effect<Schema.Json, BadRequest> =>
  (isYaml ? parseYaml(bytes) : Effect.fromResult(parseJson(bytes))).pipe(
    // Both parsers make nothing but JSON of their input, hence the cast.
    Effect.map((value) => value as Schema.Json),
    Effect.mapError((why) => new BadRequest({ detail: words(why) }))
  )

export const cbor = (bytes: Buffer, words: (why: string) => string): Effect.Effect<Schema.Json, BadRequest> =>
  Effect.mapError(Effect.fromResult(CborReader.read(bytes)), (why) => new BadRequest({ detail: words(why) }))

/** What parsers of JSON do not tell. YAML's and CBOR's refuse it. */
export const repeated = (bytes: Buffer): { readonly repeated: ReadonlyArray<string> } => ({
  repeated: bytes[0] === 0x7b ? Duplicates.find(bytes.toString()) : []
})

/** An object. `kind` is what should stand there, for the message. */
export const object = (
  incoming: Incoming,
  bytes: Buffer,
  kind: string
): Effect.Effect<Schema.JsonObject, BadRequest | UnsupportedMediaType> => {
  const type = mediaType(incoming)
  if (type === Protobuf.mediaType) {
    return Effect.mapError(
      Effect.fromResult(Protobuf.decodeBody(bytes)),
      (why) => new BadRequest({ detail: unrecognized(kind, bytes)(why) })
    )
  }
  const isUnsaid = type === "" && (header(incoming, "content-type") ?? "").trim() === ""
  if (!isUnsaid && type !== "*/*" && type !== Cbor.mediaType && !readable.includes(type)) {
    return Effect.fail(new UnsupportedMediaType({ given: type, supported: readable }))
  }
  const found =
    type === Cbor.mediaType
      ? cbor(bytes, unreadable(kind, bytes))
      : json(bytes, type === "application/yaml", unreadable(kind, bytes))
  return Effect.flatMap(found, (value): Effect.Effect<Schema.JsonObject, BadRequest> => {
    // Nothing is an object without fields.
    if (value === null) return Effect.succeed({})
    if (!isRecord(value)) return Effect.fail(new BadRequest({ detail: unreadable(kind, bytes)("it is no object") }))
    const { apiVersion } = value
    return typeof apiVersion === "string" && apiVersion.split("/").length > 2
      ? Effect.fail(new BadRequest({ detail: unrecognized(kind, bytes)(`unexpected GroupVersion string: ${apiVersion}`) }))
      : Effect.succeed(value)
  })
}

const versionOf = (apiVersion: string) => apiVersion.slice(apiVersion.indexOf("/") + 1)

const named = (given: Schema.Json | undefined, expected: string): string | undefined => {
  if (given === undefined || given === null || given === "") return expected
  return typeof given === "string" ? given : undefined
}

/** Names what the body left unnamed, and refuses what is of another kind than the path. */
export const fitting = (
  body: Schema.JsonObject,
  expected: { readonly apiVersion: string; readonly kind: string; readonly older?: ReadonlyArray<string> },
  isKnown: (apiVersion: string, kind: string) => boolean
): Result.Result<Schema.JsonObject, BadRequest> => {
  const kind = named(body["kind"], expected.kind)
  const apiVersion = named(body["apiVersion"], expected.apiVersion)
  if (kind === undefined || apiVersion === undefined)
    return Result.fail(
      new BadRequest({
        detail: `the object provided is unrecognized (must be of type ${expected.kind}): apiVersion and kind have to be strings`
      })
    )
  if (kind === expected.kind && expected.older?.includes(apiVersion) === true)
    return Result.succeed({ ...body, apiVersion: expected.apiVersion, kind })
  if (kind === expected.kind && apiVersion === expected.apiVersion) return Result.succeed({ ...body, apiVersion, kind })
  const why = isKnown(apiVersion, kind)
    ? `${apiVersion} ${kind} is not ${expected.apiVersion} ${expected.kind}`
    : `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`
  return Result.fail(
    new BadRequest({
      detail: `${kind} in version ${JSON.stringify(versionOf(apiVersion))} cannot be handled as a ${expected.kind}: ${why}`
    })
  )
}
