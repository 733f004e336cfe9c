/** The verbs of HTTP on objects: each reads its options and body, asks the pipeline, and says it in the client's form. */
import { Effect, type Schema } from "effect"
import type { DeleteOptions, PatchType } from "../../../kernel/client/Api.ts"
import type { At, DeletedAll } from "../../../kernel/pipeline/Pipeline.ts"
import { Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type * as Kind from "../../../kernel/resource/Kind.ts"
import { apiVersion } from "../../../kernel/resource/Kind.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import { traced } from "../../../kernel/Traced.ts"
import { type Form, negotiate } from "../Accept.ts"
import { type Answer, failure, json } from "../Answer.ts"
import * as Body from "../Body.ts"
import { type Exchange, header, managerOf } from "../Exchange.ts"
import * as Protobuf from "../protobuf/Protobuf.ts"
import { type DoorError, methodNotAllowed, Refused } from "../Refused.ts"
import * as Query from "../Query.ts"
import * as WriteQuery from "../WriteQuery.ts"
import { bodyKind, verbsOf } from "./BodyKind.ts"
import * as Lists from "./Lists.ts"
import * as One from "./One.ts"
import * as PatchBody from "./PatchBody.ts"
import * as Watches from "./Watches.ts"

const cborApply = "application/apply-patch+cbor"
const patchTypes: { readonly [type: string]: PatchType } = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
  "application/apply-patch+json": "apply",
  [cborApply]: "apply"
}

const allowed = (at: At, verb: Kind.Verb) =>
  (at.subresource === "" ? at.served.kind.verbs : verbsOf(at.subresource)).includes(verb)
    ? Effect.void
    : Effect.fail(methodNotAllowed)

const get = Effect.fnUntraced(function* ({ query }: Exchange, at: At, form: Form) {
  yield* allowed(at, "get")
  const pipeline = yield* Pipeline
  const resourceVersion = query.get("resourceVersion")
  const row = yield* pipeline.get(at, resourceVersion === null || resourceVersion === "" ? {} : { resourceVersion })
  return yield* One.answer(at, form, query, row)
})

const list = Effect.fnUntraced(function* ({ query }: Exchange, at: At, form: Form) {
  yield* allowed(at, "list")
  const pipeline = yield* Pipeline
  const listed = yield* pipeline.list(at, yield* Effect.fromResult(Query.list(query)))
  return yield* Lists.answer(at, form, query, listed)
})

/** The form of old names the object in its path. */
const oneOf = (at: At, { options, ...rest }: Query.Watching): Query.Watching => {
  if (at.name === "") return { options, ...rest }
  const named = `metadata.name=${at.name}`
  const fieldSelector = options.fieldSelector === undefined ? named : `${options.fieldSelector},${named}`
  return { options: { ...options, fieldSelector }, ...rest }
}

const watch = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form) {
  yield* allowed(at, "watch")
  const watching = oneOf(at, yield* Effect.fromResult(Query.watch(exchange.query)))
  return yield* Watches.answer(exchange, { ...at, name: "" }, form, watching)
})

/** The body of a write, as an object of the kind that belongs there. */
const objectIn = Effect.fnUntraced(function* ({ incoming, recording }: Exchange, at: At) {
  const kinds = yield* Kinds
  const expected = bodyKind(at)
  const bytes = yield* Body.read(incoming)
  const known = (version: string, kind: string) =>
    kinds.all().some((one) => one.kind.kind === kind && one.kind.versions.some((other) => apiVersion(other) === version))
  const sent = yield* Body.object(incoming, bytes, expected.kind)
  const body = yield* Effect.fromResult(Body.fitting(sent, expected, known))
  recording?.sent(body)
  return { body, repeated: Body.repeated(bytes) }
})

/** A write that is refused is answered with what admission had to say, too. */
const telling = <R>(write: (heard: Array<string>) => Effect.Effect<Answer, DoorError, R>) =>
  Effect.suspend(() => {
    const heard: Array<string> = []
    return Effect.catch(write(heard), (error) =>
      heard.length === 0 ? Effect.fail(error) : Effect.succeed(One.withWarnings(failure(error), heard))
    )
  })

const created = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form) {
  yield* allowed(at, "create")
  const pipeline = yield* Pipeline
  const { incoming, query } = exchange
  const options = yield* Effect.fromResult(WriteQuery.write(query, "CreateOptions", managerOf(incoming)))
  const { body, repeated } = yield* objectIn(exchange, at)
  return yield* telling((heard) =>
    Effect.flatMap(pipeline.create(at, body, { ...options, ...repeated, heard }), ({ row, warnings }) =>
      One.answer(at, form, query, row, 201, warnings)
    )
  )
})
const create = traced("Rest.create", created)

const updated = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form) {
  yield* allowed(at, "update")
  const pipeline = yield* Pipeline
  const { incoming, query } = exchange
  const options = yield* Effect.fromResult(WriteQuery.write(query, "UpdateOptions", managerOf(incoming)))
  const { body, repeated } = yield* objectIn(exchange, at)
  return yield* telling((heard) =>
    Effect.flatMap(pipeline.update(at, body, { ...options, ...repeated, heard }), ({ created, row, warnings }) =>
      One.answer(at, form, query, row, created ? 201 : 200, warnings)
    )
  )
})
const update = traced("Rest.update", updated)

/** In the words of upstream's router, which knows these types and no others. */
const noPatch = new Refused({ code: 415, reason: "UnsupportedMediaType", detail: "415: Unsupported Media Type" })

const undecodable = (why: string) => `error decoding patch: ${why}`
const unappliable = (why: string) => `error decoding YAML: ${why}`

const patched = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form) {
  yield* allowed(at, "patch")
  const pipeline = yield* Pipeline
  const { incoming, query } = exchange
  const media = Body.mediaType(incoming)
  const type = patchTypes[media]
  if (type === undefined) return yield* noPatch
  const options = yield* Effect.fromResult(WriteQuery.write(query, "PatchOptions", managerOf(incoming), type === "apply"))
  const bytes = yield* Body.read(incoming)
  const body: Schema.Json =
    media === cborApply
      ? yield* Body.cbor(bytes, undecodable)
      : yield* Body.json(bytes, type === "apply", type === "apply" ? unappliable : undecodable)
  exchange.recording?.sent(body)
  yield* PatchBody.check(at, type, body)
  return yield* telling((heard) =>
    Effect.flatMap(
      pipeline.patch(at, type, body, { ...options, ...Body.repeated(bytes), heard }),
      ({ created, row, warnings }) => One.answer(at, form, query, row, created ? 201 : 200, warnings)
    )
  )
})
const patch = traced("Rest.patch", patched)

/** DeleteOptions, from the body if there is one. */
const deleteOptions = Effect.fnUntraced(function* ({ incoming, query, recording }: Exchange) {
  const bytes = yield* Body.read(incoming)
  const body = bytes.length === 0 ? undefined : yield* Body.object(incoming, bytes, "DeleteOptions")
  // Under the name that upstream's audit log has for it, whatever the client called it.
  if (body !== undefined) recording?.sent({ ...body, kind: "DeleteOptions", apiVersion: "meta.k8s.io/__internal" })
  return yield* Effect.fromResult(WriteQuery.deletion(query, body))
})

const success = ({ served: { kind }, version }: At, row: Row) => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: {
    name: row.name,
    ...(version.group !== "" && { group: version.group }),
    kind: kind.plural,
    uid: row.object.metadata.uid
  }
})

/** Kinds whose deletion is answered with what was deleted. The upstream API server's choice, which clients may rely on. */
const returned = new Set([
  "pods",
  "podtemplates",
  "services",
  "serviceaccounts",
  "persistentvolumes",
  "persistentvolumeclaims",
  "resourcequotas",
  "storageclasses.storage.k8s.io",
  "csidrivers.storage.k8s.io",
  "csinodes.storage.k8s.io",
  "volumeattachments.storage.k8s.io",
  "volumeattributesclasses.storage.k8s.io",
  "deviceclasses.resource.k8s.io",
  "resourceclaims.resource.k8s.io",
  "resourceclaimtemplates.resource.k8s.io",
  "resourceslices.resource.k8s.io"
])

const removed = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form) {
  yield* allowed(at, "delete")
  const pipeline = yield* Pipeline
  const options = yield* deleteOptions(exchange)
  const deleted = Effect.flatMap(pipeline.delete(at, options), ({ gone, row, warnings }) =>
    gone && !returned.has(at.served.kind.storage)
      ? Effect.succeed(One.withWarnings(json(200, success(at, row)), warnings))
      : One.answer(at, form, exchange.query, row, 200, warnings)
  )
  return yield* cautioning(leaving(at, options), deleted)
})
const remove = traced("Rest.delete", removed)

const listed = ({ deleted, revision }: DeletedAll) => ({ revision, rows: deleted.map(({ row }) => row) })

const removeAll = Effect.fnUntraced(function* (exchange: Exchange, at: At, form: Form) {
  yield* allowed(at, "deletecollection")
  const pipeline = yield* Pipeline
  const { query } = exchange
  const options = yield* deleteOptions(exchange)
  const deleted = Effect.flatMap(pipeline.deleteCollection(at, { ...options, ...Query.selectors(query) }), (all) =>
    // What is said of many of them is said once.
    Effect.map(Lists.answer(at, form, query, listed(all)), (answer) =>
      One.withWarnings(answer, [...new Set(all.deleted.flatMap(({ warnings }) => warnings))])
    )
  )
  return yield* cautioning(leaving(at, options), deleted)
})

const kept =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"

/** What is said of dependents that are left behind as they were of old. */
const leaving = ({ served: { kind } }: At, { propagationPolicy }: DeleteOptions) =>
  kind.storage === "jobs.batch" && propagationPolicy === undefined ? kept : undefined

const reads = (exchange: Exchange, at: At, form: Form, isWatch: boolean): Effect.Effect<Answer, DoorError, Pipeline> => {
  if (isWatch || (at.name === "" && Query.flag(exchange.query, "watch") === true)) return watch(exchange, at, form)
  return at.name === "" ? list(exchange, at, form) : get(exchange, at, form)
}

/** Of what whoever uses it is told that it will go. Source: deprecation policy; the upstream API server's words. */
const deprecated: { readonly [storage: string]: string } = {
  componentstatuses: "v1 ComponentStatus is deprecated in v1.19+",
  endpoints: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
}

const cautioned = (answer: Answer, caution: string): Answer => {
  if (answer._tag === "Sent") return answer
  const { warning } = answer.headers ?? {}
  const own = One.warned([caution]).warning
  return { ...answer, headers: { ...answer.headers, warning: warning === undefined ? own : `${own}, ${warning}` } }
}

/** Also of what is refused. */
const cautioning = <R>(caution: string | undefined, answer: Effect.Effect<Answer, DoorError, R>) => {
  if (caution === undefined) return answer
  const told = Effect.catch(answer, (error) => Effect.succeed(failure(error)))
  return Effect.map(told, (answer) => cautioned(answer, caution))
}

/** `isWatch`: the path says so. */
export const answer = (exchange: Exchange, at: At, isWatch: boolean): Effect.Effect<Answer, DoorError, Pipeline | Kinds> => {
  const caution = deprecated[at.served.kind.storage]
  return cautioning(caution, answerOf(exchange, at, isWatch))
}

const answerOf = Effect.fnUntraced(function* (
  exchange: Exchange,
  at: At,
  isWatch: boolean
): Effect.fn.Return<Answer, DoorError, Pipeline | Kinds> {
  const isPlain = !at.served.kind.verbs.includes("get")
  const offer = { isPlain, hasMessage: Protobuf.knows(bodyKind(at)), isList: at.name === "" }
  const form = yield* Effect.fromResult(negotiate(header(exchange.incoming, "accept"), offer))
  const isNamed = at.name !== ""
  switch (exchange.method) {
    case "GET":
      return yield* reads(exchange, at, form, isWatch)
    case "POST":
      // An object is created in its collection; what has a name is posted to only at a subresource.
      if (isNamed !== (at.subresource !== "")) return yield* methodNotAllowed
      return yield* create(exchange, at, form)
    case "DELETE":
      return yield* isNamed ? remove(exchange, at, form) : removeAll(exchange, at, form)
  }
  if (!isNamed) return yield* methodNotAllowed
  switch (exchange.method) {
    case "PUT":
      return yield* update(exchange, at, form)
    case "PATCH":
      return yield* patch(exchange, at, form)
    default:
      return yield* methodNotAllowed
  }
})
