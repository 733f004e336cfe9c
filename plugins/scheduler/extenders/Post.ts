/** Questions to one extender, over connections that are kept. What goes wrong is worded as upstream's scheduler words it. */
import { Effect, Result, Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Http from "node:http"
import * as Https from "node:https"
import { reasonOf } from "../../apiserver/contracts/JsonCall.ts"
import { Failed } from "../contracts/Framework.ts"
import { folded } from "./Protocol.ts"
import { type Extender, timeoutOf } from "./Settings.ts"

/** Larger answers are nobody's. */
const answerLimit = 64 << 20

const textOf = async (answer: Http.IncomingMessage) => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of answer) {
    const part = Buffer.from(chunk)
    size += part.length
    if (size > answerLimit) throw new Error(`the answer is larger than ${answerLimit} bytes`)
    chunks.push(part)
  }
  return Buffer.concat(chunks).toString()
}

interface Answer {
  readonly status: number
  readonly text: string
}

const send = (url: URL, agent: Http.Agent, body: Buffer): Effect.Effect<Answer, Error> =>
  Effect.callback((resume) => {
    const { request } = url.protocol === "https:" ? Https : Http
    const headers = { "content-type": "application/json", "content-length": body.length, "user-agent": "kube-scheduler" }
    const call = request(url, { agent, method: "POST", headers })
    call.once("error", (error) => resume(Effect.fail(error)))
    call.once("response", (answer) => {
      textOf(answer).then(
        (text) => resume(Effect.succeed({ status: answer.statusCode ?? 0, text })),
        (cause: unknown) => resume(Effect.fail(cause instanceof Error ? cause : new Error(String(cause))))
      )
    })
    call.end(body)
    return Effect.sync(() => call.destroy())
  })

const decoded = (data: string | undefined) => (data === undefined ? "" : Buffer.from(data, "base64").toString())

/** Whom it trusts and who it says it is. Over HTTPS without an authority to trust, nobody is checked, as upstream does. */
const agentOf = Effect.fnUntraced(function* ({ enableHTTPS = false, tlsConfig = {}, urlPrefix }: Extender) {
  if (new URL(urlPrefix).protocol !== "https:") return new Http.Agent({ keepAlive: true })
  const pem = (data: string | undefined, file: string | undefined) =>
    data === undefined && file !== undefined
      ? Effect.try({
          try: () => readFileSync(file, "utf8"),
          catch: (cause) => new Failed({ message: `extenders: ${urlPrefix}: tlsConfig: ${String(cause)}` })
        })
      : Effect.succeed(decoded(data))
  const ca = yield* pem(tlsConfig.caData, tlsConfig.caFile)
  const cert = yield* pem(tlsConfig.certData, tlsConfig.certFile)
  const key = yield* pem(tlsConfig.keyData, tlsConfig.keyFile)
  return new Https.Agent({
    keepAlive: true,
    rejectUnauthorized: !(tlsConfig.insecure === true || (enableHTTPS && ca === "")),
    ...(ca !== "" && { ca, allowPartialTrustChain: true }),
    ...(cert !== "" && { cert, key }),
    ...(tlsConfig.serverName !== undefined && { servername: tlsConfig.serverName })
  })
})

const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Json))

/** Asks one question: its verb, its arguments, and how the answer is read. Connections are closed with the scope. */
export const make = Effect.fnUntraced(function* (extender: Extender) {
  const agent = yield* Effect.acquireRelease(agentOf(extender), (agent) => Effect.sync(() => agent.destroy()))
  const base = extender.urlPrefix.replace(/\/+$/, "")
  const timeout = timeoutOf(extender)

  return Effect.fnUntraced(function* <A>(verb: string, args: unknown, answer: Schema.Decoder<A>) {
    const url = new URL(`${base}/${verb}`)
    const where = `Post ${JSON.stringify(url.href)}: `
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80))
    const target = { host: url.hostname, port, servername: url.hostname, path: url.pathname, url: url.href }
    const late = `${where}context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
    const { status, text } = yield* send(url, agent, Buffer.from(JSON.stringify(args))).pipe(
      Effect.mapError((error) => new Failed({ message: where + reasonOf(error, target) })),
      Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(new Failed({ message: late })) })
    )
    if (status !== 200)
      return yield* new Failed({ message: `failed ${verb} with extender at URL ${url.href}, code ${status}` })
    const json = parse(text)
    const read = Result.flatMap(json, (json) => Schema.decodeUnknownResult(answer)(folded(json)))
    if (Result.isSuccess(read)) return read.success
    return yield* new Failed({ message: `extender at URL ${url.href} answers ${verb} wrongly: ${read.failure.message}` })
  })
})
