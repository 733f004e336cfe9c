/** Azure's Resource Manager on this machine, with the token service that managed identities have there. */
import { Effect, Scope } from "effect"
import { type Answer, type Asked, listen } from "../Listening.ts"
import * as Description from "./Description.ts"
import * as ResourceManager from "./ResourceManager.ts"
import { Refusal } from "./Rules.ts"

const token = "laws-token"
/** What a managed identity's environment says. */
export const identityHeader = "laws-header"

const said = (code: string, message: string) => ({ error: { code, message } })
/** As the Resource Manager says that it is asked too often. */
export const tooOften = {
  status: 429,
  type: "application/json",
  body: JSON.stringify(
    said("OperationNotAllowed", "The server rejected the request because too many requests have been received.")
  )
}

const identity = ({ headers, url }: Asked): Answer => {
  const isAsked = headers["x-identity-header"] === identityHeader
  const isOf = url.searchParams.get("resource")?.startsWith("https://management.azure.com") === true
  if (!isAsked || !isOf) return { status: 400, body: { error: "invalid_request" } }
  const expires = Math.floor(Date.now() / 1000) + 86_400
  return { status: 200, body: { access_token: token, expires_on: `${expires}`, token_type: "Bearer", resource: "arm" } }
}

/** One for all of this process: Microsoft's library remembers where it found it. */
export const identities = Effect.runSync(
  Effect.cached(
    Effect.gen(function* () {
      const forever = yield* Scope.make()
      return yield* Effect.provideService(
        listen((asked) => Promise.resolve(identity(asked))),
        Scope.Scope,
        forever
      )
    })
  )
)

export const start = Effect.gen(function* () {
  const description = Description.open()
  const manager = ResourceManager.make()

  const answer = (asked: Asked): Answer => {
    const { body, headers, host, method, url } = asked
    if (headers["authorization"] !== `Bearer ${token}`)
      return { status: 401, body: said("AuthenticationFailed", "Authentication failed.") }
    const [, operation] = /\/locations\/[^/]+\/operations\/([^/]+)$/.exec(url.pathname) ?? []
    if (operation !== undefined) return manager.progress(operation)
    // A link to the next page is the cloud's own.
    const own = new URL(url)
    own.searchParams.delete("$skiptoken")
    const question = description.ask(method, own)
    const flaws = question === undefined ? ["there is no such operation"] : description.refusals(question, body)
    if (flaws.length > 0)
      return { status: 400, body: said("InvalidRequestContent", `${method} ${url.pathname}: ${flaws.join("; ")}`) }
    const given = manager.answer(method, url, body, host, headers)
    const slips =
      method === "DELETE" || given.body === undefined ? [] : description.slips(decodeURI(url.pathname), given.body)
    if (slips.length > 0) throw new Error(`the emulator's own answer to ${method} ${url.pathname}: ${slips.join("; ")}`)
    return given
  }
  const address = yield* listen(async (asked) => {
    try {
      return answer(asked)
    } catch (error) {
      return error instanceof Refusal
        ? { status: error.status, body: said(error.code, error.message) }
        : { status: 500, body: said("InternalServerError", String(error)) }
    }
  })
  return { endpoint: new URL(`http://${address}`), manager }
})
