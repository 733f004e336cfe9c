/** One JSON document posted over TLS, and the answer; what goes wrong is worded as clients of upstream's webhooks know it. */
import { type Duration, Effect, Result, Schema } from "effect"
import { Agent, request as httpsRequest } from "node:https"
import type { IncomingMessage } from "node:http"
import { isIP, isIPv6 } from "node:net"
import { fromStatus } from "../../../kernel/client/Status.ts"

export class CallFailed extends Schema.TaggedError<CallFailed>()("CallFailed", {
  detail: Schema.String,
  /** What HTTP would say of it. */
  code: Schema.Int
}) {
  override get message() {
    return this.detail
  }
}

export interface Target {
  readonly host: string
  readonly port: number
  readonly servername: string
  /** `/convert?x=y`. */
  readonly path: string
  /** As the caller names it, in messages. */
  readonly url: string
  /** PEM; without it, whom this machine trusts. */
  readonly ca?: string
}

/** Larger answers are nobody's. */
const answerLimit = 32 << 20
const agentLimit = 64

/** As Go's library does, whoever is named is trusted: also one certificate that no authority is above, such as envtest names. */
export const trusting = (ca: string | undefined) => (ca === undefined ? {} : { ca, allowPartialTrustChain: true })

/** Connections that are kept, by whom they trust. */
export const agents = () => {
  const all = new Map<string, Agent>()
  return {
    of: ({ ca, servername }: Target) => {
      const key = `${servername}\n${ca ?? ""}`
      const agent = all.get(key) ?? new Agent({ keepAlive: true, ...trusting(ca) })
      all.delete(key)
      all.set(key, agent)
      const [oldest] = all
      if (all.size > agentLimit && oldest !== undefined) {
        all.delete(oldest[0])
        oldest[1].destroy()
      }
      return agent
    },
    close: () => {
      for (const agent of all.values()) agent.destroy()
    }
  }
}

const codeOf = (error: Error) => ("code" in error ? String(error.code) : "")
const inUrl = (host: string) => (isIPv6(host) ? `[${host}]` : host)

const untrusted = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE"
])

/** As Go's library would have put it. */
export const reasonOf = (error: Error, { host, port, servername }: Target): string => {
  const code = codeOf(error)
  const address = `${inUrl(host)}:${port}`
  const x509 = (what: string) => `tls: failed to verify certificate: x509: ${what}`
  if (untrusted.has(code)) return x509("certificate signed by unknown authority")
  switch (code) {
    case "ECONNREFUSED":
      return `dial tcp ${address}: connect: connection refused`
    case "EHOSTUNREACH":
      return `dial tcp ${address}: connect: no route to host`
    case "ENETUNREACH":
      return `dial tcp ${address}: connect: network is unreachable`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `dial tcp: lookup ${host}: no such host`
    case "ECONNRESET":
      return "EOF"
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return x509(`certificate is not valid for ${servername}: ${error.message}`)
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return x509("certificate has expired or is not yet valid")
    default:
      return error.message
  }
}

const textOf = (response: IncomingMessage): Effect.Effect<string, Error> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let size = 0
    response.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > answerLimit) response.destroy(new Error(`the answer is larger than ${answerLimit} bytes`))
      else chunks.push(chunk)
    })
    response.on("error", (error) => resume(Effect.fail(error)))
    response.on("end", () => resume(Effect.succeed(Buffer.concat(chunks).toString())))
  })

const send = (target: Target, agent: Agent, body: Buffer): Effect.Effect<IncomingMessage, Error> =>
  Effect.callback((resume) => {
    const { host, path, port, servername } = target
    const headers = {
      host: new URL(target.url).host,
      accept: "application/json, */*",
      "content-type": "application/json",
      "content-length": body.length,
      "user-agent": "kube-apiserver-admission"
    }
    // An address is no name to ask for; the certificate is checked against it all the same.
    const named = isIP(servername) === 0 ? { servername } : {}
    const request = httpsRequest({ host, port, path, ...named, agent, method: "POST", headers })
    request.on("response", (response) => resume(Effect.succeed(response)))
    request.on("error", (error) => {
      // What was kept open may have been closed from the other end just now, and has not been read there.
      const isStale = request.reusedSocket && codeOf(error) === "ECONNRESET"
      resume(isStale ? send(target, agent, body) : Effect.fail(error))
    })
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Json))

const nowhere = { group: "", resource: "", namespace: "", name: "" }

/** What an answer says that is no success: in a Status, or in its own words. */
const refused = (code: number, text: string): string => {
  const status = parse(text)
  if (Result.isSuccess(status) && Object(status.success)["kind"] === "Status")
    return String(Object(status.success)["message"] ?? fromStatus(status.success, nowhere, code).message)
  if (code === 404) return "the server could not find the requested resource"
  const quoted = JSON.stringify(text.trim().slice(0, 2048) || "unknown")
  if (code >= 500) return `an error on the server (${quoted}) has prevented the request from succeeding`
  return `the server rejected our request for an unknown reason (${code}: ${quoted})`
}

/** Ends by `timeout`, whatever the other end does. */
export const post = (
  target: Target,
  agent: Agent,
  body: unknown,
  timeout: Duration.Input
): Effect.Effect<Schema.Json, CallFailed> => {
  const where = `Post ${JSON.stringify(target.url)}: `
  const exchanged = Effect.gen(function* () {
    const response = yield* send(target, agent, Buffer.from(JSON.stringify(body)))
    return { code: response.statusCode ?? 502, text: yield* textOf(response) }
  })
  return exchanged.pipe(
    Effect.mapError((error) => new CallFailed({ detail: where + reasonOf(error, target), code: 503 })),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(new CallFailed({ detail: `${where}context deadline exceeded`, code: 504 }))
    }),
    Effect.flatMap(({ code, text }): Effect.Effect<Schema.Json, CallFailed> => {
      if (code < 200 || code > 299) return Effect.fail(new CallFailed({ detail: refused(code, text), code }))
      const json = parse(text)
      if (Result.isSuccess(json)) return Effect.succeed(json.success)
      const detail = `couldn't get version/kind; json parse error: the answer is no JSON: ${text.slice(0, 200)}`
      return Effect.fail(new CallFailed({ detail, code: 500 }))
    })
  )
}
