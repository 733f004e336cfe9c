/** Lets programs inside this server, such as controllers, ask the groups that others answer for, each under its own name. */
import { Effect, Schema } from "effect"
import { Aggregated, type Foreign, type Question } from "../../kernel/client/Aggregated.ts"
import { WireObject } from "../../kernel/client/Api.ts"
import { fromStatus } from "../../kernel/client/Status.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { type Backend, Backends } from "../apiserver/contracts/Backends.ts"
import * as Ask from "./Ask.ts"

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(WireObject))
const unavailable = (cause: unknown) => new Unavailable({ contract: "kernel/Api", applied: "no", cause })

const pathOf = ({ group, name, namespace, query, resource, subresource, version }: Question) => {
  const within = namespace === "" ? [] : ["namespaces", namespace]
  const parts = ["apis", group, version, ...within, resource, name, subresource].filter((part) => part !== "")
  const search = new URLSearchParams(query).toString()
  return `/${parts.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`
}

const ask = Effect.fnUntraced(function* (backend: Backend, question: Question) {
  if (!backend.isAvailable) return yield* unavailable("the server is currently unable to handle the request")
  const { body: given, method, user } = question
  const what = { method, ...(given !== undefined && { body: JSON.stringify(given) }) }
  const { code, text } = yield* Effect.flatMap(backend.reach, (reached) =>
    Ask.ask(reached, pathOf(question), "application/json", user, what)
  ).pipe(Effect.mapError(unavailable))
  const body = yield* Effect.mapError(decode(text), unavailable)
  return code < 400 ? body : yield* Effect.fail(fromStatus(body, question, code))
})

const Listed = Schema.Struct({
  resource: Schema.String,
  responseKind: Schema.Struct({ kind: Schema.String }),
  scope: Schema.String,
  verbs: Schema.Array(Schema.String)
})
const isListed = Schema.is(Listed)
const foreignOf = ({ resource, responseKind: { kind }, scope, verbs }: typeof Listed.Type) => ({
  ...{ resource, kind, verbs },
  namespaced: scope === "Namespaced"
})

/** As it was last told: a server that is away has what it had. */
const resourcesOf = ({ discovered, group, version }: Backend): ReadonlyArray<Foreign> =>
  (discovered?.resources ?? []).flatMap((one) => (isListed(one) ? [{ group, version, ...foreignOf(one) }] : []))

export const run = Effect.gen(function* () {
  const [aggregated, backends] = [yield* Aggregated, yield* Backends]
  yield* aggregated.add(
    (group, version) => {
      const backend = backends.find(group, version)
      return backend === undefined ? undefined : { ask: (question) => ask(backend, question) }
    },
    () => backends.now().backends.flatMap(resourcesOf)
  )
})
