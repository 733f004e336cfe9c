/** Events posted to a server elsewhere, which a kubeconfig names. Source: "Auditing", webhook backend. */
import { type Duration, Effect, Schema, SchemaIssue } from "effect"
import { readFileSync } from "node:fs"
import { Agent as HttpAgent, request as httpRequest } from "node:http"
import { Agent as HttpsAgent, request as httpsRequest } from "node:https"
import { dirname, resolve } from "node:path"
import { parse } from "yaml"
import type { Event } from "./contracts/Auditor.ts"

const { Array: List, Boolean: Bool, String: Text, Struct, optionalKey } = Schema

export class BadWebhook extends Schema.TaggedError<BadWebhook>()("BadWebhook", { message: Text }) {}
class NotTaken extends Schema.TaggedError<NotTaken>()("NotTaken", { message: Text }) {}

const Cluster = Struct({
  server: Text,
  "certificate-authority": optionalKey(Text),
  "certificate-authority-data": optionalKey(Text),
  "insecure-skip-tls-verify": optionalKey(Bool)
})
const User = Struct({
  "client-certificate": optionalKey(Text),
  "client-certificate-data": optionalKey(Text),
  "client-key": optionalKey(Text),
  "client-key-data": optionalKey(Text),
  token: optionalKey(Text)
})
const Kubeconfig = Struct({
  clusters: List(Struct({ name: Text, cluster: Cluster })),
  users: optionalKey(List(Struct({ name: Text, user: User }))),
  contexts: List(Struct({ name: Text, context: Struct({ cluster: Text, user: optionalKey(Text) }) })),
  "current-context": Text
})
const decode = Schema.decodeUnknownEffect(Kubeconfig, { errors: "all" })
const words = SchemaIssue.makeFormatterStandardSchemaV1()

export interface Target {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly tls: {
    readonly ca?: Buffer
    readonly cert?: Buffer
    readonly key?: Buffer
    readonly rejectUnauthorized?: boolean
  }
}

/** Files that it names lie beside it, unless they say where. */
export const read = Effect.fnUntraced(function* (text: string, source: string) {
  const bad = (why: string) => new BadWebhook({ message: `--audit-webhook-config-file ${source}: ${why}` })
  const value: unknown = yield* Effect.try({
    try: () => parse(text),
    catch: (cause) => bad(String(cause).split("\n")[0] ?? "")
  })
  const file = yield* Effect.mapError(decode(value), ({ issue }) =>
    bad(
      words(issue)
        .issues.map(({ message, path = [] }) => `${path.map(String).join(".")}: ${message}`)
        .join("; ")
    )
  )
  const context = file.contexts.find(({ name }) => name === file["current-context"])?.context
  const cluster = file.clusters.find(({ name }) => name === context?.cluster)?.cluster
  if (cluster === undefined) return yield* bad("its current-context leads to no cluster")
  const user = file.users?.find(({ name }) => name === context?.user)?.user ?? {}
  const bytes = (data: string | undefined, path: string | undefined) =>
    data !== undefined
      ? Buffer.from(data, "base64")
      : path !== undefined
        ? readFileSync(resolve(dirname(source), path))
        : undefined
  return yield* Effect.try({
    try: (): Target => {
      const ca = bytes(cluster["certificate-authority-data"], cluster["certificate-authority"])
      const cert = bytes(user["client-certificate-data"], user["client-certificate"])
      const key = bytes(user["client-key-data"], user["client-key"])
      return {
        url: new URL(cluster.server),
        headers: user.token === undefined ? {} : { authorization: `Bearer ${user.token}` },
        tls: {
          ...(ca !== undefined && { ca }),
          ...(cert !== undefined && { cert }),
          ...(key !== undefined && { key }),
          ...(cluster["insecure-skip-tls-verify"] === true && { rejectUnauthorized: false })
        }
      }
    },
    catch: (cause) => bad(String(cause))
  })
})

/** What posts some events, each call one list of them. */
export const make = Effect.fnUntraced(function* ({ headers, tls, url }: Target, patience: Duration.Input) {
  const isPlain = url.protocol === "http:"
  const agent = isPlain ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true, ...tls })
  yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
  return (events: ReadonlyArray<Event>) =>
    Effect.callback<void, NotTaken>((resume) => {
      const body = Buffer.from(
        JSON.stringify({ kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items: events })
      )
      const about = { ...headers, "content-type": "application/json", "content-length": body.length }
      const request = (isPlain ? httpRequest : httpsRequest)(url, { agent, method: "POST", headers: about }, (answer) => {
        const { statusCode = 0 } = answer
        answer.resume()
        answer.on("error", ({ message }) => resume(Effect.fail(new NotTaken({ message }))))
        answer.on("end", () =>
          resume(
            statusCode >= 200 && statusCode < 300
              ? Effect.void
              : Effect.fail(new NotTaken({ message: `${url.href} answered ${statusCode}` }))
          )
        )
      })
      request.on("error", ({ message }) => resume(Effect.fail(new NotTaken({ message: `${url.href}: ${message}` }))))
      request.end(body)
      return Effect.sync(() => request.destroy())
    }).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(new NotTaken({ message: `${url.href} did not answer in time` }))
      })
    )
})
