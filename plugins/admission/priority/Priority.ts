/** Turns the name of a Pod's PriorityClass into its priority. Source: "Pod Priority and Preemption" of the documentation. */
import { Effect, Layer, Option, Schedule } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type ApiError, Forbidden } from "../../../kernel/client/Errors.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Pod, type PodSpec } from "../../resources/contracts/core/v1.ts"
import { PriorityClass, type PriorityClassDraft } from "../../resources/contracts/scheduling/v1.ts"

const system: ReadonlyArray<PriorityClassDraft> = [
  {
    metadata: { name: "system-cluster-critical" },
    value: 2_000_000_000,
    description: "The cluster does not work without these Pods, on whatever node they run."
  },
  {
    metadata: { name: "system-node-critical" },
    value: 2_000_001_000,
    description: "A node does not work without these Pods, each on its own node."
  }
]

/** Without a class: zero. Fails with what is wrong. */
export const complete = (spec: PodSpec, chosen: PriorityClass | undefined): PodSpec | { readonly wrong: string } => {
  const priority = chosen?.value ?? 0
  const preemptionPolicy = chosen?.preemptionPolicy ?? "PreemptLowerPriority"
  if (spec.priority !== undefined && spec.priority !== priority) {
    return {
      wrong: `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`
    }
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    return {
      wrong: `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`
    }
  }
  const name = chosen === undefined ? {} : { priorityClassName: chosen.metadata.name }
  return { ...spec, ...name, priority, preemptionPolicy }
}

/** Who changes a Pod and does not say its priority leaves it as it is. A Pod is JSON, which its interface does not say: hence the cast. */
const kept = (pod: Pod, { spec: old }: Pod): WireObject | undefined => {
  const { preemptionPolicy, priority } = pod.spec
  if (priority !== undefined && preemptionPolicy !== undefined) return undefined
  const spec = {
    ...pod.spec,
    ...(priority === undefined && old.priority !== undefined && { priority: old.priority }),
    ...(preemptionPolicy === undefined && old.preemptionPolicy !== undefined && { preemptionPolicy: old.preemptionPolicy })
  }
  return { ...pod, spec } as unknown as WireObject
}

/** Of a Pod or a PriorityClass, which both have a name, hence the cast. */
const forbidden = ({ attributes: { group, namespace, resource }, object }: Admitted, detail: string) =>
  new Forbidden({ group, resource, namespace, name: (object as unknown as Pod).metadata.name, detail })

const start = Effect.gen(function* () {
  const client = yield* Client
  const indexes = { global: ({ globalDefault }: PriorityClass) => (globalDefault === true ? [""] : []) }
  const classes = yield* client.cache(PriorityClass, { indexes })

  const named = Effect.fnUntraced(function* (name: string) {
    const cached = classes.get({ namespace: "", name })
    return cached === undefined ? yield* client.find(PriorityClass, { namespace: "", name }) : Option.some(cached)
  })
  /** If there are several, by a race: the lowest. */
  const byDefault = () => classes.by("global", "").toSorted((a, b) => a.value - b.value)[0]

  /** What is admitted has been decoded as its kind, hence the casts. */
  const mutate = Effect.fnUntracedEager(function* (request: Admitted) {
    const { attributes, kind, object, old } = request
    if (kind.storage !== Pod.storage || attributes.subresource !== "" || object === undefined) return
    const pod = object as unknown as Pod
    if (pod.spec === undefined) return
    if (old !== undefined) return kept(pod, old as unknown as Pod)
    const { priorityClassName = "" } = pod.spec
    const chosen = priorityClassName === "" ? Option.fromUndefinedOr(byDefault()) : yield* named(priorityClassName)
    if (priorityClassName !== "" && Option.isNone(chosen)) {
      return yield* forbidden(request, `no PriorityClass with name ${priorityClassName} was found`)
    }
    const spec = complete(pod.spec, Option.getOrUndefined(chosen))
    if ("wrong" in spec) return yield* forbidden(request, spec.wrong)
    return { ...pod, spec } as unknown as WireObject
  })

  const validate = Effect.fnUntracedEager(function* (request: Admitted) {
    const { kind, object } = request
    if (kind.storage !== PriorityClass.storage || object === undefined) return
    const given = object as unknown as PriorityClass
    const other = classes.by("global", "").find(({ metadata }) => metadata.name !== given.metadata.name)
    if (given.globalDefault !== true || other === undefined) return
    const detail = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`
    return yield* forbidden(request, detail)
  })
  return Admissions.add({ name: "Priority", order: 400, mutate, validate })
})

const again = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")])

const ensure = Effect.fnUntraced(function* (draft: PriorityClassDraft) {
  const client = yield* Client
  const found = yield* client.find(PriorityClass, { namespace: "", name: draft.metadata.name ?? "" })
  if (Option.isNone(found)) yield* client.create(PriorityClass, draft)
})

const passing = ({ _tag }: ApiError | Unavailable) =>
  _tag === "AlreadyExists" || _tag === "NotFound" || _tag === "Unavailable"

/** The two classes that the parts of a cluster use. Done when they are there. */
const bootstrap = Layer.effectDiscard(
  Effect.forEach(system, ensure, { discard: true }).pipe(Effect.retry({ schedule: again, while: passing }))
)

export const layer = Layer.mergeAll(Layer.unwrap(start), bootstrap)

export const plugin = Plugin.make({ name: "admission/priority", layer })
