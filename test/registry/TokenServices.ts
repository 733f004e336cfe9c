/** What clouds answer who asks them for a token, on this machine: ECR's API, Google's metadata server, Azure's managed identity and registry. */
import { Context, Effect, Layer } from "effect"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { SignJWT } from "jose"

const hour = 3_600_000

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString("utf8")
}

/** In 2100: the same token each time. */
const farAway = 4_102_444_800
export const acrToken = () =>
  new SignJWT({ grant_type: "refresh_token" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(farAway)
    .sign(Buffer.from("a key of thirty-two bytes, at least"))

export interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: { readonly [name: string]: string }
}
const refused = (why: string): Reply => ({ status: 400, body: { error: why } })

type Replies = { readonly [path: string]: (request: IncomingMessage, body: string) => Promise<Reply> | Reply }
const replies: Replies = {
  "/ecr/": ({ headers }) => {
    if (headers["x-amz-target"] !== "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
      return refused("another call")
    if (!headers.authorization?.includes("/ecr/aws4_request")) return refused("it is not signed")
    const authorizationToken = Buffer.from("AWS:ecr-password").toString("base64")
    const data = { authorizationToken, expiresAt: (Date.now() + 12 * hour) / 1000, proxyEndpoint: "https://ecr.example" }
    return { status: 200, body: { authorizationData: [data] } }
  },
  "/computeMetadata/v1/instance": () => ({ status: 200, body: "", headers: { "metadata-flavor": "Google" } }),
  "/computeMetadata/v1/instance/service-accounts/default/token": ({ headers }) =>
    headers["metadata-flavor"] === "Google"
      ? {
          status: 200,
          body: { access_token: "gar-token", expires_in: 3600, token_type: "Bearer" },
          headers: { "metadata-flavor": "Google" }
        }
      : refused("Metadata-Flavor: Google is missing"),
  "/msi": ({ headers, url = "" }) => {
    const { searchParams } = new URL(url, "http://localhost")
    if (headers["x-identity-header"] !== "header") return refused("X-IDENTITY-HEADER is missing")
    if (!searchParams.get("resource")?.startsWith("https://containerregistry.azure.net")) return refused("another resource")
    const expires = Math.floor((Date.now() + hour) / 1000)
    return { status: 200, body: { access_token: "entra-token", expires_on: `${expires}`, token_type: "Bearer" } }
  },
  "/oauth2/exchange": async (_, body) => {
    const form = new URLSearchParams(body)
    if (form.get("grant_type") !== "access_token" || form.get("access_token") !== "entra-token" || !form.get("service"))
      return { status: 401, body: { errors: [{ code: "UNAUTHORIZED" }] } }
    return { status: 200, body: { refresh_token: await acrToken() } }
  }
}

/** `more`: further replies, by path. What is none of its paths is given to `next`. */
export const make = Effect.fnUntraced(function* (
  port = 0,
  more: Replies = {},
  next: RequestListener = (_, response) => response.writeHead(404).end()
) {
  const ill = new Set<string>()
  const all = { ...replies, ...more }
  const server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?")
    const reply = ill.has(path)
      ? () => ({
          status: 403,
          body: { __type: "AccessDeniedException", message: "the service says no", error: "the service says no" }
        })
      : all[path]
    if (reply === undefined) return next(request, response)
    void bodyOf(request)
      .then((body) => reply(request, body))
      .then(({ body, headers = {}, status }: Reply) => {
        response.writeHead(status, { "content-type": "application/json", ...headers })
        response.end(typeof body === "string" ? body : JSON.stringify(body))
      })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(port, "127.0.0.1", () => resume(Effect.void))
    }),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
  // It listens at a port, hence the cast.
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, ill }
})

/** `ill`: paths that are answered with 403. */
export class TokenServices extends Context.Service<TokenServices, Effect.Success<ReturnType<typeof make>>>()(
  "test/registry/TokenServices"
) {
  static readonly layer = Layer.effect(TokenServices, make())
}

/** Environment variables, as they were before when the scope closes. */
export const environment = (variables: { readonly [name: string]: string }) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, variables)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )
