/** Compute Engine on this machine, with the metadata server of an instance, which gives tokens to whoever asks as Google's library does. */
import { Effect } from "effect"
import { type Answer, type Asked, listen } from "../Listening.ts"
import * as Compute from "./Compute.ts"
import * as Discovery from "./Discovery.ts"

const token = "laws-token"

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
  let compute = Compute.make("")

  const answer = async ({ body, headers, method, url }: Asked): Promise<Answer> => {
    if (headers["authorization"] !== `Bearer ${token}`)
      return { status: 401, body: said(401, "authError", "Invalid Credentials") }
    const question = discovery.ask(method, url)
    const flaws = question === undefined ? ["there is no such method"] : discovery.refusals(question, body)
    if (question === undefined || flaws.length > 0)
      return { status: 400, body: said(400, "badRequest", `${question?.method.id ?? url.pathname}: ${flaws.join("; ")}`) }
    const given = await compute.answer(question, Discovery.isObject(body) ? body : {})
    const slips = discovery.slips(question, given)
    if (slips.length > 0) throw new Error(`the emulator's own answer to ${question.method.id}: ${slips.join("; ")}`)
    return { status: 200, body: given }
  }
  const address = yield* listen(async (asked) => {
    const told = metadata[asked.url.pathname.replace(/\/$/, "")]
    if (told !== undefined) return { status: 200, body: told, headers: { "metadata-flavor": "Google" } }
    try {
      return await answer(asked)
    } catch (error) {
      return error instanceof Compute.Refusal
        ? { status: error.status, body: said(error.status, error.reason, error.message) }
        : { status: 500, body: said(500, "backendError", String(error)) }
    }
  })
  compute = Compute.make(`http://${address}/`)
  return { address, endpoint: new URL(`http://${address}`), compute }
})
