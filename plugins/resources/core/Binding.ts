/** `pods/binding` and `bindings`: gives a Pod its node, once and for all. What schedulers do with their decisions. */
import { Clock, Effect, Result } from "effect"
import { BadRequest, Conflict, Invalid } from "../../../kernel/client/Errors.ts"
import type { Action } from "../../../kernel/pipeline/Actions.ts"
import { elsewhere } from "../../../kernel/pipeline/Stages.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Decoder from "../../../kernel/resource/Decoder.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as Shape from "../../../kernel/resource/Shape.ts"
import { traced } from "../../../kernel/Traced.ts"
import { type Binding, Binding as BindingKind, BindingSchema, Pod, type PodCondition } from "../contracts/core/v1.ts"
import { time } from "../contracts/Time.ts"

const refuse = (key: Key, detail: string) => new Conflict({ group: "", resource: "pods/binding", ...key, detail })

const decode = (key: Key, body: unknown): Result.Result<Binding, BadRequest | Invalid> => {
  const decoded = Decoder.decode(Shape.of(BindingSchema()))(body)
  const invalid = (causes: Invalid["causes"]) =>
    new Invalid({ group: "", resource: "pods/binding", ...key, kind: "Binding", causes })
  if (Result.isFailure(decoded)) {
    const { causes, malformed } = decoded.failure
    return Result.fail(malformed === undefined ? invalid(causes) : new BadRequest({ detail: malformed }))
  }
  // The decoder has checked it against the schema, hence the cast.
  const binding = decoded.success.object as unknown as Binding
  const { name = "", namespace = key.namespace } = binding.metadata
  const { kind = "", name: node = "" } = binding.target
  if (namespace !== "" && namespace !== key.namespace) return Result.fail(elsewhere)
  if (name !== key.name) return Result.fail(new BadRequest({ detail: "name in URL does not match name in Binding object" }))
  const causes = [
    ...(kind === "" || kind === "Node" ? [] : [Causes.notSupported("target.kind", kind, ["Node", "<empty>"])]),
    ...(node === "" ? [Causes.required("target.name")] : [])
  ]
  return causes.length === 0 ? Result.succeed(binding) : Result.fail(invalid(causes))
}

/** Why this Pod cannot be given this node. */
const obstacle = (
  { metadata, spec }: Pod,
  { metadata: { resourceVersion = "", uid = "" } }: Binding
): string | undefined => {
  const { name } = metadata
  if (uid !== "" && uid !== metadata.uid)
    return `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
  if (resourceVersion !== "" && resourceVersion !== metadata.resourceVersion)
    return `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`
  if (metadata.deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`
  if (spec.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`
  return (spec.schedulingGates ?? []).length > 0 ? `pod ${name} has non-empty .spec.schedulingGates` : undefined
}

const bound = (pod: Pod, { metadata: { annotations = {}, labels }, target: { name = "" } }: Binding, now: string): Pod => {
  // Where it was to go does not matter any more.
  const { conditions = [], nominatedNodeName: _, ...status } = pod.status
  const scheduled: PodCondition = { type: "PodScheduled", status: "True", lastTransitionTime: now }
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: { ...pod.metadata.annotations, ...annotations },
      ...(labels !== undefined && { labels: { ...pod.metadata.labels, ...labels } })
    },
    spec: { ...pod.spec, nodeName: name },
    status: { ...status, conditions: [...conditions.filter(({ type }) => type !== "PodScheduled"), scheduled] }
  }
}

const nameIn = (body: unknown): string => {
  const { name = "" } = Object(Object(body).metadata)
  return typeof name === "string" ? name : ""
}

const bind: Action["act"] = Effect.fnUntraced(function* (at, body, _options, rewrite) {
  const { namespace } = at
  const key = { namespace, name: at.subresource === "" ? nameIn(body) : at.name }
  const binding = yield* Effect.fromResult(decode(key, body))
  const now = time(yield* Clock.currentTimeMillis)
  yield* rewrite(Pod, key, (pod) => {
    const why = obstacle(pod, binding)
    return why === undefined ? Effect.succeed(bound(pod, binding, now)) : Effect.fail(refuse(key, why))
  })
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }
})
const act = traced("Binding.act", bind)

/** Of a Pod by its subresource, or by what is posted to the bindings of its namespace. */
export const actions: ReadonlyArray<Action> = [
  { storage: Pod.storage, subresource: "binding", act },
  { storage: BindingKind.storage, subresource: "", act }
]
