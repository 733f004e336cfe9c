/**
 * A program of the cluster's machine: the token services of clouds, that of a registry, and Azure's registry, which exchanges tokens
 * itself and is the first registry but for that. `POST /ill?path=…` makes a path fail, `DELETE` mends it.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { X509Certificate } from "node:crypto"
import { request } from "node:http"
import { importPKCS8, SignJWT } from "jose"
import * as TokenServices from "../registry/TokenServices.ts"

const [port = "", registry = "", certificate = "", key = ""] = process.argv.slice(2)

/** Source: Distribution, "Docker Registry v2 authentication via central service". */
const token = async (url: URL) => {
  const [type, name, actions = ""] = (url.searchParams.get("scope") ?? "").split(":")
  const access = type === undefined || type === "" ? [] : [{ type, name, actions: actions.split(",") }]
  const jwt = await new SignJWT({ access })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", x5c: [new X509Certificate(certificate).raw.toString("base64")] })
    .setIssuer("laws")
    .setSubject("me")
    .setAudience("laws")
    .setNotBefore("-1m")
    .setIssuedAt()
    .setExpirationTime("5m")
    .setJti(String(Math.random()))
    .sign(await importPKCS8(key, "ES256"))
  return { status: 200, body: { token: jwt } }
}
const me = `Basic ${Buffer.from("me:secret").toString("base64")}`

const services = Effect.gen(function* () {
  const state: { ill?: Set<string> } = {}
  const made = yield* TokenServices.make(
    Number(port),
    {
      "/token": ({ headers, url = "" }) =>
        headers.authorization === me
          ? token(new URL(url, "http://localhost"))
          : { status: 401, body: { errors: [{ code: "UNAUTHORIZED", message: "who are you?" }] } },
      "/ill": ({ method, url = "" }) => {
        const path = new URL(url, "http://localhost").searchParams.get("path") ?? ""
        if (method === "DELETE") state.ill?.delete(path)
        else state.ill?.add(path)
        return { status: 200, body: {} }
      }
    },
    (from, response) => {
      const { headers, method, url } = from
      const on = request(`http://${registry}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      on.on("error", () => response.writeHead(502).end())
      from.pipe(on)
    }
  )
  state.ill = made.ill
  yield* Effect.sync(() => console.log("ready"))
  return yield* Effect.never
})
NodeRuntime.runMain(Effect.scoped(services))
