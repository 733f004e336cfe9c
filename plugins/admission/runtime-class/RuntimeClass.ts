/** What a Pod gets of its RuntimeClass: the overhead, and where it may run. Source: "Runtime Class" of the documentation, KEP-585, KEP-688. */
import { Effect, Layer, Option } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { Pod, type PodSpec } from "../../resources/contracts/core/v1.ts"
import { RuntimeClass } from "../../resources/contracts/node/v1.ts"
import * as Tolerations from "./Tolerations.ts"

interface Wrong {
  readonly wrong: string
}
type Amounts = { readonly [name: string]: string }

/** As amounts, however they are written. */
const isSame = (one: Amounts, other: Amounts) =>
  Object.keys({ ...one, ...other }).every((name) => {
    const [a, b] = [one[name], other[name]]
    return a !== undefined && b !== undefined && Quantity.compare(Quantity.of(a), Quantity.of(b)) === 0
  })

const notMatching = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
const notDefined = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"

/** What is wrong with a Pod's overhead once it is complete. */
export const wrongOverhead = ({ overhead }: PodSpec, chosen: RuntimeClass | undefined) => {
  if (chosen?.overhead === undefined) return overhead === undefined ? undefined : notDefined
  return isSame(overhead ?? {}, chosen.overhead.podFixed ?? {}) ? undefined : notMatching
}

const withOverhead = (spec: PodSpec, { overhead }: RuntimeClass): PodSpec | Wrong => {
  if (overhead === undefined) return spec
  const { podFixed = {} } = overhead
  if (spec.overhead !== undefined && !isSame(spec.overhead, podFixed)) return { wrong: notMatching }
  return { ...spec, overhead: podFixed }
}

const withScheduling = (spec: PodSpec, { scheduling }: RuntimeClass): PodSpec | Wrong => {
  if (scheduling === undefined) return spec
  const { nodeSelector = {}, tolerations = [] } = scheduling
  const own = spec.nodeSelector ?? {}
  for (const [key, value] of Object.entries(nodeSelector)) {
    if (own[key] === undefined || own[key] === value) continue
    return {
      wrong: `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]}`
    }
  }
  const selector = { ...own, ...nodeSelector }
  const borne = Tolerations.merge(spec.tolerations ?? [], tolerations)
  return {
    ...spec,
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
    ...(borne.length > 0 && { tolerations: borne })
  }
}

/** Fails with what is wrong. */
export const complete = (spec: PodSpec, chosen: RuntimeClass): PodSpec | Wrong => {
  const weighed = withOverhead(spec, chosen)
  return "wrong" in weighed ? weighed : withScheduling(weighed, chosen)
}

const forbidden = ({ attributes: { group, namespace, resource }, object }: Admitted, detail: string) =>
  new Forbidden({ group, resource, namespace, name: (object as unknown as Pod).metadata.name, detail })

const start = Effect.gen(function* () {
  const client = yield* Client
  const classes = yield* client.cache(RuntimeClass, { indexes: {} })

  /** What is admitted has been decoded as its kind, hence the casts here and below. */
  const podOf = ({ attributes, kind, object, old }: Admitted) =>
    kind.storage !== Pod.storage || attributes.subresource !== "" || object === undefined || old !== undefined
      ? undefined
      : (object as unknown as Pod)

  const classOf = Effect.fnUntracedEager(function* (request: Admitted, { runtimeClassName: name = "" }: PodSpec) {
    if (name === "") return undefined
    const key = { namespace: "", name }
    const found = classes.get(key) ?? Option.getOrUndefined(yield* client.find(RuntimeClass, key))
    return found ?? (yield* forbidden(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`))
  })

  const mutate = Effect.fnUntracedEager(function* (request: Admitted) {
    const pod = podOf(request)
    if (pod?.spec === undefined) return
    const chosen = yield* classOf(request, pod.spec)
    if (chosen === undefined) return
    const spec = complete(pod.spec, chosen)
    if ("wrong" in spec) return yield* forbidden(request, spec.wrong)
    return { ...pod, spec } as unknown as WireObject
  })

  const validate = Effect.fnUntracedEager(function* (request: Admitted) {
    const pod = podOf(request)
    if (pod?.spec === undefined) return
    const wrong = wrongOverhead(pod.spec, yield* classOf(request, pod.spec))
    if (wrong !== undefined) return yield* forbidden(request, wrong)
  })
  return Admissions.add({ name: "RuntimeClass", order: 500, mutate, validate })
})

export const layer = Layer.unwrap(start)

export const plugin = Plugin.make({ name: "admission/runtime-class", layer })
