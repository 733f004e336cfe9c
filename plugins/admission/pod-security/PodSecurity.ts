/**
 * Pod Security: what a namespace's labels ask of its Pods is enforced on Pods, and warned of on what makes Pods. Source: KEP-2579,
 * "Pod Security Admission" and "Pod Security Standards" of the Kubernetes documentation.
 */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { type ApiError, Forbidden, internalError, Invalid } from "../../../kernel/client/Errors.ts"
import { annotate } from "../../../kernel/pipeline/Audit.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import { Namespace, Pod } from "../../resources/contracts/core/v1.ts"
import * as Selectors from "../matching/Selectors.ts"
import * as Evaluate from "./Evaluate.ts"
import * as Existing from "./Existing.ts"
import * as Metrics from "./Metrics.ts"
import * as Policy from "./Policy.ts"
import * as Templates from "./Templates.ts"
import type { PodLike } from "./Words.ts"

/** As upstream's PodSecurityConfiguration. */
export interface Options {
  readonly defaults?: Policy.Policy
  readonly exemptions?: {
    readonly usernames?: ReadonlyArray<string>
    readonly runtimeClasses?: ReadonlyArray<string>
    readonly namespaces?: ReadonlyArray<string>
  }
}

/** What is posted to a Pod, or connects with it, changes nothing of it. */
const ignored = new Set(["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"])

type Answer = Effect.Effect<void, ApiError | Unavailable>

/** What is admitted has been decoded as its kind, hence the casts in this file. */
const make = Effect.fnUntraced(function* ({ defaults = Policy.none, exemptions = {} }: Options) {
  const client = yield* Client
  const namespaces = yield* Selectors.make
  const { namespaces: exemptNamespaces = [], runtimeClasses = [], usernames = [] } = exemptions

  const isExempt = ({ attributes: { namespace, user } }: Admitted) =>
    exemptNamespaces.includes(namespace) || usernames.includes(user.name)

  const evaluate = Effect.fnUntraced(function* (
    request: Admitted,
    { causes, policy }: Policy.Parsed,
    pod: PodLike,
    enforces: boolean
  ) {
    if (runtimeClasses.includes(pod.spec.runtimeClassName ?? "")) return yield* Metrics.exempt(request)
    if (causes.length > 0) yield* annotate("pod-security.kubernetes.io/error", causes.map(({ detail }) => detail).join(", "))
    if (enforces) yield* annotate("pod-security.kubernetes.io/enforce-policy", Policy.format(policy.enforce))
    const enforced = enforces ? Evaluate.evaluate(policy.enforce, pod) : []
    if (enforces) yield* Metrics.evaluated(request, "enforce", policy.enforce, enforced.length === 0)
    const audited = Evaluate.evaluate(policy.audit, pod)
    if (audited.length > 0) {
      const detail = `would violate PodSecurity ${JSON.stringify(Policy.format(policy.audit))}: ${Evaluate.details(audited)}`
      yield* annotate("pod-security.kubernetes.io/audit-violations", detail)
      yield* Metrics.evaluated(request, "audit", policy.audit, false)
    }
    if (enforced.length > 0) {
      const { group, name, namespace, resource } = request.attributes
      const detail = `violates PodSecurity ${JSON.stringify(Policy.format(policy.enforce))}: ${Evaluate.details(enforced)}`
      return yield* new Forbidden({ group, resource, namespace, name, detail })
    }
    const warned = Evaluate.evaluate(policy.warn, pod)
    if (warned.length === 0) return
    request.warn(`would violate PodSecurity ${JSON.stringify(Policy.format(policy.warn))}: ${Evaluate.details(warned)}`)
    yield* Metrics.evaluated(request, "warn", policy.warn, false)
  })

  const policyOf = ({ attributes: { namespace } }: Admitted) =>
    Effect.map(namespaces.find(namespace), ({ metadata }) => Policy.parse(metadata.labels, defaults))

  const pod = Effect.fnUntraced(function* (request: Admitted) {
    const { object, old } = request
    if (isExempt(request)) return yield* Metrics.exempt(request)
    const parsed = yield* policyOf(request).pipe(
      Effect.mapError(() => internalError(`failed to lookup namespace ${JSON.stringify(request.attributes.namespace)}`))
    )
    if (parsed.causes.length === 0 && Policy.isFree(parsed.policy)) return
    const after = object as unknown as Pod
    if (old !== undefined && !Templates.isSignificant(after, old as unknown as Pod)) return
    yield* evaluate(request, parsed, after, true)
  })

  /** Who makes Pods is told beforehand what would become of them. */
  const controller = Effect.fnUntraced(function* (request: Admitted, template: PodLike) {
    if (isExempt(request)) return yield* Metrics.exempt(request)
    const parsed = yield* Effect.option(policyOf(request))
    if (parsed._tag === "None") return
    const { audit, warn } = parsed.value.policy
    const isFree = audit.level === "privileged" && warn.level === "privileged"
    if (parsed.value.causes.length === 0 && isFree) return
    yield* evaluate(request, parsed.value, template, false)
  })

  const namespace = Effect.fnUntraced(function* ({ attributes: { name }, object, old, warn }: Admitted) {
    const labels = (object as unknown as Namespace).metadata.labels
    const after = Policy.parse(labels, defaults)
    const before = old === undefined ? undefined : Policy.parse((old as unknown as Namespace).metadata.labels, defaults)
    if (after.causes.length > 0 && !equal(after.causes, before?.causes ?? [])) {
      const where = { group: "", resource: Namespace.plural, namespace: "", name, kind: Namespace.kind }
      return yield* new Invalid({ ...where, causes: after.causes })
    }
    const { enforce } = after.policy
    const isUnchanged =
      before !== undefined &&
      (Policy.same(enforce, before.policy.enforce) ||
        enforce.level === "privileged" ||
        (enforce.minor === before.policy.enforce.minor && Policy.compare(enforce.level, before.policy.enforce.level) < 1))
    if (isUnchanged) return
    if (exemptNamespaces.includes(name)) {
      const asked = Policy.asked(labels, after.policy)
      if (asked !== "") {
        const is = `namespace ${JSON.stringify(name)} is exempt from Pod Security`
        warn(`${is}, and the policy (${asked}) will be ignored`)
      }
    } else if (before !== undefined) {
      const pods = (yield* client.list(Pod, { namespace: name })).filter(
        ({ spec }) => !runtimeClasses.includes(spec.runtimeClassName ?? "")
      )
      for (const warning of Existing.warnings(name, enforce, pods)) warn(warning)
    }
  })

  return (request: Admitted): Answer => {
    const { attributes, kind, object } = request
    if (object === undefined) return Effect.void
    if (kind.storage === Pod.storage) return ignored.has(attributes.subresource) ? Effect.void : pod(request)
    if (attributes.subresource !== "") return Effect.void
    if (kind.storage === Namespace.storage) return namespace(request)
    const template = Templates.templateOf(kind.storage, object)
    return template === undefined ? Effect.void : controller(request, template)
  }
})

export const layer = (options: Options = {}) =>
  Layer.unwrap(Effect.map(make(options), (validate) => Admissions.add({ name: "PodSecurity", order: 280, validate })))

export const plugin = (options: Options = {}) => Plugin.make({ name: "admission/pod-security", layer: layer(options) })
