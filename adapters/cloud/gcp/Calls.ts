/**
 * Calls to Compute Engine: Google's library finds credentials by its own chain and tries again; each change carries a request id, by which
 * it is done once however often it is sent, and is waited for. The library is loaded when a cluster runs on GCP, and not before.
 */
import type { compute_v1 } from "@googleapis/compute/build/v1.js"
import { Effect, Predicate } from "effect"
import { randomUUID } from "node:crypto"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Failed } from "../Failed.ts"

export interface Options {
  readonly project: string
  readonly region: string
  /** Where Compute Engine answers, if not at its own address; empty. */
  readonly endpoint: string
  /** Before the first repetition; each further takes twice as long. */
  readonly retryMilliseconds: number
}

const plain = (code: string) =>
  code
    .replaceAll("_", "")
    .toLowerCase()
    .replace(/^resource/, "")
/** Of a request it is `notFound`, of an operation `RESOURCE_NOT_FOUND`. */
export const hasCode = (error: unknown, ...codes: ReadonlyArray<string>): boolean =>
  error instanceof Failed && codes.some((code) => plain(error.code) === plain(code))

const unavailable = (applied: "no" | "unknown", cause: unknown) => new Unavailable({ contract: "cloud/gcp", applied, cause })

const property = (from: unknown, name: string): unknown => (Predicate.hasProperty(from, name) ? from[name] : undefined)
/** `{ error: { code, message, errors: [{ reason }] } }`, as it stands in an answer. */
const answered = (error: unknown) => {
  const response = property(error, "response")
  const told = property(property(response, "data"), "error")
  const errors = property(told, "errors")
  const reason = Array.isArray(errors) ? property(errors[0], "reason") : undefined
  return {
    status: Number(property(response, "status") ?? 0),
    reason: String(reason ?? property(told, "status") ?? ""),
    message: String(property(told, "message") ?? property(error, "message") ?? error)
  }
}
const isTooOften = (status: number, reason: string) =>
  status === 429 || /rateLimitExceeded|RATE_LIMIT_EXCEEDED/i.test(reason)

const failure = (error: unknown): Failed | Unavailable => {
  const { message, reason, status } = answered(error)
  if (isTooOften(status, reason)) return unavailable("no", error)
  return status >= 400 && status < 500 ? new Failed(reason, message) : unavailable("unknown", error)
}

/** What nobody has handled: it is under way, or it is the cloud's no. */
export const told = <A, E, R>(effect: Effect.Effect<A, E | Failed, R>) =>
  Effect.mapError(effect, (error) => {
    if (!(error instanceof Failed)) return error
    if (hasCode(error, "notReady", "resourceInUseByAnotherResource", "inUseByAnotherResource", "conditionNotMet"))
      return new NotReady({ reason: error.message, retryAfterSeconds: 2 })
    return new Refused({ reason: `${error.code}: ${error.message}` })
  })
/** The same, where nothing is changed and so nothing can be under way. */
export const refused = <A, E, R>(effect: Effect.Effect<A, E | Failed, R>) =>
  Effect.mapError(effect, (error) =>
    error instanceof Failed ? new Refused({ reason: `${error.code}: ${error.message}` }) : error
  )

const limit = 4
/** Waiting for an operation takes up to two minutes; nothing takes longer, milliseconds. */
const timeout = 150_000
const retrying = (retryDelay: number) => {
  let attempts = 0
  return {
    retryDelay,
    // A change has a request id, and may be sent again like a question.
    shouldRetry: (error: unknown) => {
      const { reason, status } = answered(error)
      const isAborted = property(property(property(error, "config"), "signal"), "aborted") === true
      return (
        !isAborted && ++attempts < limit && (status === 0 || status === 408 || status >= 500 || isTooOften(status, reason))
      )
    }
  }
}

/** The last part of an address such as `…/zones/europe-west1-b`. */
export const lastOf = (link: string | null | undefined) => (link ?? "").split("/").at(-1) ?? ""

type Operation = compute_v1.Schema$Operation
interface Asked {
  readonly signal: AbortSignal
  readonly headers: Headers
  readonly timeout: number
  readonly retry: boolean
  readonly retryConfig: ReturnType<typeof retrying>
}
interface Answer<A> {
  readonly data: A
}

export const open = Effect.fnUntraced(function* ({ endpoint, project, region, retryMilliseconds }: Options) {
  const [{ compute_v1 }, { GoogleAuth }] = yield* Effect.promise(() =>
    Promise.all([import("@googleapis/compute/build/v1.js"), import("google-auth-library")])
  )
  const auth = new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/compute"] })
  const compute = new compute_v1.Compute({ ...(endpoint !== "" && { rootUrl: endpoint.replace(/\/*$/, "/") }) })

  const get = <A>(ask: (compute: compute_v1.Compute, options: Asked) => Promise<Answer<A>>) =>
    Effect.tryPromise({
      try: async (signal) => {
        // Its own or a new one: the library knows how long a token lasts.
        const headers = await auth.getRequestHeaders()
        return await ask(compute, { signal, headers, timeout, retry: true, retryConfig: retrying(retryMilliseconds) })
      },
      catch: failure
    }).pipe(Effect.map(({ data }) => data))

  const waited = ({ name, region, zone }: Operation) => {
    const operation = name ?? ""
    return get((compute, options) =>
      zone
        ? compute.zoneOperations.wait({ project, zone: lastOf(zone), operation }, options)
        : region
          ? compute.regionOperations.wait({ project, region: lastOf(region), operation }, options)
          : compute.globalOperations.wait({ project, operation }, options)
    )
  }

  /** Changes something, and comes back when it is changed. */
  const done = (
    ask: (compute: compute_v1.Compute, requestId: string, options: Asked) => Promise<Answer<Operation>>
  ): Effect.Effect<void, Failed | Unavailable> =>
    Effect.suspend(() => {
      const requestId = randomUUID()
      return get((compute, options) => ask(compute, requestId, options))
    }).pipe(
      Effect.flatMap(function ended(operation): Effect.Effect<void, Failed | Unavailable> {
        if (operation.status !== "DONE") return Effect.flatMap(waited(operation), ended)
        const [error] = operation.error?.errors ?? []
        return error === undefined ? Effect.void : Effect.fail(new Failed(error.code ?? "", error.message ?? ""))
      })
    )

  /** All that there is to a question that is answered in pages. */
  const pages = <Page extends { readonly nextPageToken?: string | null }>(
    ask: (compute: compute_v1.Compute, options: Asked, page: { readonly pageToken?: string }) => Promise<Answer<Page>>
  ): Effect.Effect<ReadonlyArray<Page>, Failed | Unavailable> => {
    const from = (pageToken: string): Effect.Effect<ReadonlyArray<Page>, Failed | Unavailable> =>
      Effect.flatMap(
        get((compute, options) => ask(compute, options, pageToken === "" ? {} : { pageToken })),
        (page) =>
          page.nextPageToken ? Effect.map(from(page.nextPageToken), (more) => [page, ...more]) : Effect.succeed([page])
      )
    return from("")
  }

  return {
    project,
    region,
    get,
    pages,
    done,
    /** What there is, or nothing. */
    found: <A>(ask: (compute: compute_v1.Compute, options: Asked) => Promise<Answer<A>>) =>
      Effect.catch(
        Effect.map(get(ask), (found): A | undefined => found),
        (error) => (hasCode(error, "notFound") ? Effect.succeed(undefined) : Effect.fail(error))
      ),
    /** Makes it. It may be there already: made by a call whose answer was lost, or by one who died. */
    made: (ask: Parameters<typeof done>[0]) =>
      Effect.catch(done(ask), (error) => (hasCode(error, "alreadyExists") ? Effect.void : Effect.fail(error))),
    gone: (ask: Parameters<typeof done>[0]) =>
      Effect.catch(done(ask), (error) => (hasCode(error, "notFound") ? Effect.void : Effect.fail(error)))
  }
})
export type Calls = Effect.Success<ReturnType<typeof open>>
