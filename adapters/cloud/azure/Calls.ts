/**
 * Calls to Azure's Resource Manager: Microsoft's libraries find credentials by their own chain, try again, and wait for what takes long. They
 * are loaded when a cluster runs on Azure, and not before.
 */
import type { ComputeManagementClient } from "@azure/arm-compute"
import type { NetworkManagementClient } from "@azure/arm-network"
import type { HttpClient, PipelinePolicy } from "@azure/core-rest-pipeline"
import { Effect, Predicate } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Failed } from "../Failed.ts"

export interface Options {
  readonly subscription: string
  /** Where the Resource Manager answers, if not at its own address; empty. */
  readonly endpoint: string
  readonly patience: Patience
}
/** Milliseconds. */
export interface Patience {
  /** Before the first repetition of a call that failed; each further takes twice as long. */
  readonly retry: number
  /** Between two questions whether a change is done, where Azure does not say. */
  readonly poll: number
}

export const hasCode = (error: unknown, ...codes: ReadonlyArray<string>): boolean =>
  error instanceof Failed && codes.includes(error.code)
/** A part of the cloud that is not there, whatever it is. */
const isMissing = (error: unknown) => hasCode(error, "ResourceNotFound", "NotFound")

const unavailable = (applied: "no" | "unknown", cause: unknown) =>
  new Unavailable({ contract: "cloud/azure", applied, cause })

const property = (from: unknown, name: string): unknown => (Predicate.hasProperty(from, name) ? from[name] : undefined)

/** Somebody's change is under way, ours or another's: it is to be asked again. */
const underWay = [
  ...["AnotherOperationInProgress", "CanceledAndSupersededDueToAnotherOperation", "OperationPreempted"],
  ...["PreconditionFailed", "ReferencedResourceNotProvisioned", "RetryableError", "RetryableErrorDueToAnotherOperation"],
  ...["InUseSubresourceCannotBeDeleted", "PublicIPAddressCannotBeDeleted", "SecurityRuleConflict"]
]

const failure = (error: unknown): Failed | Unavailable => {
  const status = Number(property(error, "statusCode") ?? 0)
  const said = property(property(error, "details"), "error")
  const code = String(property(said, "code") ?? property(error, "code") ?? "")
  const message = String(property(said, "message") ?? property(error, "message") ?? error)
  if (status === 429 && !underWay.includes(code)) return unavailable("no", error)
  const isNo = (status >= 400 && status < 500) || underWay.includes(code)
  return isNo ? new Failed(code, message) : unavailable("unknown", error)
}

const no = ({ code, message }: Failed) => new Refused({ reason: `${code}: ${message}` })
/** What nobody has handled: it is under way, or it is the cloud's no. */
export const told = <A, E, R>(effect: Effect.Effect<A, E | Failed, R>) =>
  Effect.mapError(effect, (error) => {
    if (!(error instanceof Failed)) return error
    return hasCode(error, ...underWay) ? new NotReady({ reason: error.message, retryAfterSeconds: 2 }) : no(error)
  })
/** The same, where nothing is changed and so nothing can be under way. */
export const refused = <A, E, R>(effect: Effect.Effect<A, E | Failed, R>) =>
  Effect.mapError(effect, (error) => (error instanceof Failed ? no(error) : error))

/** The libraries send tokens over TLS alone; what answers without it is on this machine, or somebody wished it so. */
const withoutTls = (inner: HttpClient): HttpClient => ({
  sendRequest: (request) =>
    inner.sendRequest({ ...request, url: request.url.replace(/^https:/, "http:"), allowInsecureConnection: true })
})

/** A call that is not answered fails some time. What takes long is asked after, each time by a call of its own. */
const bounded: PipelinePolicy = {
  name: "bounded",
  sendRequest: (request, next) => next(Object.assign(request, { timeout: request.timeout || 60_000 }))
}

const loaded = Effect.promise(() =>
  Promise.all([
    import("@azure/arm-compute"),
    import("@azure/arm-network"),
    import("@azure/core-rest-pipeline"),
    import("@azure/identity")
  ])
)

/** As a change of a resource is asked for, and followed until it is done. */
interface Followed<A> {
  readonly pollUntilDone: (options: { readonly abortSignal: AbortSignal }) => Promise<A>
}
export interface Asked {
  readonly abortSignal: AbortSignal
}

export const open = Effect.fnUntraced(function* ({ endpoint, patience, subscription }: Options) {
  const [compute, network, pipeline, identity] = yield* loaded
  const isPlain = endpoint.startsWith("http:")
  const at = endpoint.replace(/^http:/, "https:").replace(/\/+$/, "")
  const options = {
    retryOptions: { retryDelayInMs: patience.retry },
    ...(endpoint !== "" && { endpoint: at }),
    ...(endpoint !== "" && !isPlain && { credentials: { scopes: [`${at}/.default`] } }),
    ...(isPlain && { httpClient: withoutTls(pipeline.createDefaultHttpClient()) })
  }
  const credential = new identity.DefaultAzureCredential()
  const clients = {
    compute: new compute.ComputeManagementClient(credential, subscription, options),
    network: new network.NetworkManagementClient(credential, subscription, options)
  }
  for (const { pipeline } of [clients.compute, clients.network]) pipeline.addPolicy(bounded)
  const call = <A>(ask: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, Failed | Unavailable> =>
    Effect.tryPromise({ try: ask, catch: failure })

  type Clients = { readonly compute: ComputeManagementClient; readonly network: NetworkManagementClient }
  const get = <A>(ask: (clients: Clients, options: Asked) => Promise<A>) =>
    call((abortSignal) => ask(clients, { abortSignal }))
  /** Changes something, and comes back when it is changed. */
  const done = <A>(
    ask: (clients: Clients, options: Asked & { readonly updateIntervalInMs: number }) => Followed<A>
  ): Effect.Effect<A, Failed | Unavailable> =>
    call((abortSignal) => ask(clients, { abortSignal, updateIntervalInMs: patience.poll }).pollUntilDone({ abortSignal }))
  return {
    subscription,
    get,
    done,
    /** All of what comes in pages. */
    all: <A>(ask: (clients: Clients, options: Asked) => AsyncIterable<A>) =>
      call((abortSignal) => Array.fromAsync(ask(clients, { abortSignal }))),
    /** What there is, or nothing. */
    found: <A>(ask: (clients: Clients, options: Asked) => Promise<A>) =>
      Effect.catch(
        Effect.map(get(ask), (found): A | undefined => found),
        (error) => (isMissing(error) ? Effect.succeed(undefined) : Effect.fail(error))
      ),
    gone: <A>(ask: Parameters<typeof done<A>>[0]) =>
      Effect.catch(Effect.asVoid(done(ask)), (error) => (isMissing(error) ? Effect.void : Effect.fail(error)))
  }
})
export type Calls = Effect.Success<ReturnType<typeof open>>

/** The parts of a resource's id that say where it is. */
export const placeOf = (id: string | undefined) => {
  const [, subscription = "", group = "", kind = "", name = ""] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/[^/]+\/([^/]+)\/([^/]+)/i.exec(id ?? "") ?? []
  return { subscription, group, kind, name }
}
/** The last part of an id. */
export const lastOf = (id: string | undefined) => (id ?? "").split("/").at(-1) ?? ""
