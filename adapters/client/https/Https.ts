/** The contract `Api` against any Kubernetes API server, Keelson's or another, as JSON over HTTPS. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Duration, Effect, FileSystem, Layer, type Schema } from "effect"
import { Api, type WireObject } from "../../../kernel/client/Api.ts"
import { type Asked, type Failure, fromStatus } from "../../../kernel/client/Status.ts"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Failover from "./Failover.ts"
import * as Kubeconfig from "./Kubeconfig.ts"
import * as Paths from "./Paths.ts"
import * as Watch from "./Watch.ts"

export interface Options extends Failover.Target {
  readonly token?: string
  /** Read again every minute, because tokens in files are renewed. */
  readonly tokenFile?: string
  /** Its first word, up to a `/`, names the owner of the fields that are written without a `fieldManager`. */
  readonly userAgent?: string
}

type Service = Api["Service"]
type Collection = Parameters<Service["list"]>[0]
type Page = Effect.Success<ReturnType<Service["list"]>>

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: string
  readonly asked: Asked
  readonly body?: Schema.Json
  readonly type?: string
}

const pageSize = 500
/** Longer than what a server gives a request. */
const patience = Duration.seconds(70)

const unavailable = (applied: "no" | "unknown", cause: unknown) => new Unavailable({ contract: Api.key, applied, cause })

const textOf = (body: AsyncIterable<Buffer>) =>
  Effect.tryPromise({
    try: async () => {
      const chunks: Array<Buffer> = []
      for await (const chunk of body) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    },
    catch: (cause) => unavailable("unknown", cause)
  })

/** What is no JSON is the word of a proxy, or of nobody. */
const jsonOf = (text: string): Schema.Json => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What a delete leaves behind; a bare `Status` says no more of it than its name and uid. */
const deleted = (answer: WireObject, { name, namespace }: Asked) => {
  if (answer["kind"] === "Status") {
    const { uid } = Paths.fieldsOf(answer["details"])
    return { gone: true, object: { metadata: { name, namespace, ...(uid !== undefined && { uid }) } } }
  }
  const { deletionGracePeriodSeconds = 0, deletionTimestamp, finalizers } = Paths.fieldsOf(answer["metadata"])
  const isHeld = (Array.isArray(finalizers) && finalizers.length > 0) || deletionGracePeriodSeconds !== 0
  return { gone: deletionTimestamp === undefined || !isHeld, object: answer }
}

const pageOf = (answer: WireObject): Page => {
  const { continue: token, resourceVersion } = Paths.fieldsOf(answer["metadata"])
  // The items of a list do not say what they are: the list does.
  const about = { apiVersion: answer["apiVersion"] ?? "", kind: Paths.textOf(answer["kind"]).replace(/List$/, "") }
  const items = Array.isArray(answer["items"]) ? answer["items"].map((item) => ({ ...about, ...Paths.fieldsOf(item) })) : []
  const next = Paths.textOf(token)
  return { revision: Number(Paths.textOf(resourceVersion)), items, ...(next !== "" && { continue: next }) }
}

/** Every credential that a request carries in its head. */
const credentials = Effect.fnUntraced(function* ({ token, tokenFile }: Options) {
  const files = yield* FileSystem.FileSystem
  if (tokenFile === undefined) return Effect.succeed(token)
  const read = Effect.map(files.readFileString(tokenFile), (text) => text.trim())
  return yield* Effect.cachedWithTTL(
    Effect.mapError(read, (cause) => unavailable("no", cause)),
    "1 minute"
  )
})

export const make = Effect.fnUntraced(function* (options: Options) {
  const send = yield* Failover.make(options)
  const bearer = yield* credentials(options)
  const { userAgent = "keelson" } = options

  /** The answer to a call, if it is not a failure. */
  const open = Effect.fnUntraced(function* ({ asked, body, method, path, type = "application/json" }: Call) {
    const token = yield* bearer
    const headers = {
      accept: "application/json",
      "user-agent": userAgent,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": type })
    }
    const request = { method, path, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const answer = yield* Effect.mapError(send(request), ({ applied, cause }) => unavailable(applied, cause))
    if (answer.status < 400) return answer.body
    return yield* Effect.fail(fromStatus(jsonOf(yield* textOf(answer.body)), asked, answer.status))
  })

  /** What was only read can be read again, from another server, when the answer broke off. */
  const again = ({ method }: Call) => ({
    times: options.others !== undefined && method === "GET" ? 1 : 0,
    while: ({ _tag }: Failure) => _tag === "Unavailable"
  })
  const call = (given: Call): Effect.Effect<WireObject, Failure> =>
    Effect.flatMap(open(given), textOf).pipe(
      Effect.scoped,
      Effect.retry(again(given)),
      Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(unavailable("unknown", "no answer in time")) }),
      Effect.flatMap((text) => {
        const answer = Paths.fieldsOf(jsonOf(text))
        return "kind" in answer ? Effect.succeed(answer) : Effect.fail(unavailable("unknown", "the answer is no object"))
      })
    )

  const page = (of: Collection) => {
    const { continue: token, limit } = of
    const path = Paths.collection(of, { ...Paths.selectors(of), limit, continue: token })
    return Effect.map(call({ method: "GET", path, asked: { ...of, name: "" } }), pageOf)
  }
  /** All pages of one revision. When that is forgotten meanwhile, everything in one piece. */
  const all = Effect.fnUntraced(function* (of: Collection) {
    let found = yield* page({ ...of, limit: pageSize })
    const items = [...found.items]
    while (found.continue !== undefined) {
      const next = yield* Effect.result(page({ ...of, limit: pageSize, continue: found.continue }))
      if (next._tag === "Failure") return yield* next.failure._tag === "Expired" ? page(of) : Effect.fail(next.failure)
      found = next.success
      items.push(...found.items)
    }
    return { revision: found.revision, items }
  })

  const watch = Watch.make({
    list: all,
    open: (path, of) => open({ method: "GET", path, asked: { ...of, name: "" } })
  })

  return Api.of({
    get: ({ query = {}, ...at }) => call({ method: "GET", path: Paths.object(at, query), asked: at }),
    list: (of) => (of.limit === undefined && of.continue === undefined ? all(of) : page(of)),
    watch,
    create: ({ body, ...at }) => {
      const path = at.name === "" ? Paths.collection(at, Paths.writing(at)) : Paths.object(at, Paths.writing(at))
      const named = at.name === "" ? Paths.textOf(Paths.fieldsOf(body["metadata"])["name"]) : at.name
      return call({ method: "POST", path, asked: { ...at, name: named }, body })
    },
    update: ({ body, ...at }) => call({ method: "PUT", path: Paths.object(at, Paths.writing(at)), asked: at, body }),
    patch: ({ body, type, ...at }) => {
      const path = Paths.object(at, Paths.writing(at))
      return call({ method: "PATCH", path, asked: at, body, type: Paths.mediaTypeOf[type] })
    },
    delete: ({ options, ...at }) => {
      const body = Paths.deleteOptions(options)
      return Effect.map(call({ method: "DELETE", path: Paths.object(at), asked: at, body }), (answer) => deleted(answer, at))
    },
    deleteCollection: ({ options, ...of }) => {
      const path = Paths.collection(of, Paths.selectors(of))
      return Effect.asVoid(call({ method: "DELETE", path, asked: { ...of, name: "" }, body: Paths.deleteOptions(options) }))
    }
  })
})

/** Connects at the first request, and again whenever a connection is lost. */
export const layer = (options: Options): Layer.Layer<Api> =>
  Layer.provide(Layer.effect(Api, make(options)), NodeServices.layer)

/** By the current context of a kubeconfig, or by another. */
export const fromKubeconfig = (
  file: string,
  { context, ...more }: { readonly context?: string; readonly userAgent?: string } = {}
): Layer.Layer<Api, Kubeconfig.KubeconfigInvalid> =>
  Layer.effect(
    Api,
    Effect.flatMap(Kubeconfig.read(file, context), (options) => make({ ...options, ...more }))
  ).pipe(Layer.provide(NodeServices.layer))
