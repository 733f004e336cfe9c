/** Compute Engine on this machine, with the metadata server of an instance, which gives tokens to whoever asks as Google's library does. */
import { Effect } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Compute from "./Compute.ts"
import * as Discovery from "./Discovery.ts"

const token = "laws-token"

const bodyOf = async (asked: IncomingMessage): Promise<unknown> => {
  const pieces: Array<Buffer> = []
  for await (const piece of asked) pieces.push(Buffer.from(piece))
  const text = Buffer.concat(pieces).toString("utf8")
  return text === "" ? undefined : JSON.parse(text)
}

const said = (status: number, reason: string, message: string) => ({
  error: { code: status, message, errors: [{ domain: "global", reason, message }] }
})
/** As Compute Engine says that it is asked too often. */
export const tooOften = {
  status: 403,
  type: "application/json",
  body: JSON.stringify(said(403, "rateLimitExceeded", "Rate Limit Exceeded"))
}

const metadata: { readonly [path: string]: string } = {
  "/computeMetadata/v1/instance": "",
  "/computeMetadata/v1/instance/service-accounts/default/token": JSON.stringify({
    ...{ access_token: token, expires_in: 3600, token_type: "Bearer" }
  }),
  "/computeMetadata/v1/universe/universe-domain": "googleapis.com",
  "/computeMetadata/v1/universe/universe_domain": "googleapis.com"
}

export const start = Effect.gen(function* () {
  const discovery = Discovery.open()
  /** Requests that the description does not know, for who wants to see them. */
  const refusals: Array<string> = []
  let compute = Compute.make("")

  const answer = async (asked: IncomingMessage): Promise<{ readonly status: number; readonly body: unknown }> => {
    const url = new URL(asked.url ?? "/", "http://compute.googleapis.com")
    const body = await bodyOf(asked)
    if (asked.headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: said(401, "authError", "Invalid Credentials") }
    const question = discovery.ask(asked.method ?? "GET", url)
    const flaws = question === undefined ? ["there is no such method"] : discovery.refusals(question, body)
    if (question === undefined || flaws.length > 0) {
      refusals.push(`${asked.method} ${url.pathname}: ${flaws.join("; ")}`)
      return { status: 400, body: said(400, "badRequest", `${question?.method.id ?? url.pathname}: ${flaws.join("; ")}`) }
    }
    const given = await compute.answer(question, Discovery.isObject(body) ? body : {})
    const slips = discovery.slips(question, given)
    if (slips.length > 0) throw new Error(`the emulator's own answer to ${question.method.id}: ${slips.join("; ")}`)
    return { status: 200, body: given }
  }
  const handle = async (asked: IncomingMessage, reply: ServerResponse) => {
    const [path = ""] = (asked.url ?? "").split("?")
    const told = metadata[path.replace(/\/$/, "")]
    if (told !== undefined) {
      reply.writeHead(200, { "metadata-flavor": "Google", "content-type": "application/json" }).end(told)
      return
    }
    const { body, status } = await answer(asked).catch((error: unknown) => {
      if (error instanceof Compute.Refusal)
        return { status: error.status, body: said(error.status, error.reason, error.message) }
      return { status: 500, body: said(500, "backendError", String(error)) }
    })
    reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  }
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((asked, reply) => {
        handle(asked, reply).catch(() => asked.socket.destroy())
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const { port } = server.address() as AddressInfo
  compute = Compute.make(`http://127.0.0.1:${port}/`)
  return { address: `127.0.0.1:${port}`, endpoint: new URL(`http://127.0.0.1:${port}`), compute, refusals }
})
