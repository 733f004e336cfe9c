/** The subresource `resize`: processor and memory of a Pod's containers, while they run. Source: KEP-1287. */
import type { Schema } from "effect"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type { Container, Pod, PodSpec } from "../contracts/core/v1.ts"
import * as QualityOfService from "./QualityOfService.ts"

type Amounts = { readonly [name: string]: string }

/** A spec is JSON; an interface lacks the index signature that says so, hence the cast. */
const json = (value: unknown) => value as Schema.Json

/** The old containers with what may be asked for anew. Where others stand there now, these: validation refuses them. */
const resized = <C extends Container>(wanted: ReadonlyArray<C>, old: ReadonlyArray<C>): ReadonlyArray<C> => {
  if (wanted.length !== old.length) return wanted
  return old.map((container, index) => {
    const next = wanted[index]
    if (next === undefined || next.name !== container.name) return next ?? container
    const { resizePolicy: _, ...rest } = container
    // Of the same type but for a field that may be absent, hence the cast.
    return { ...rest, resources: next.resources, ...(next.resizePolicy && { resizePolicy: next.resizePolicy }) } as C
  })
}

/** Everything else stays, whatever the writer says of it. */
export const prepare = (pod: Pod, old: Pod): Pod => {
  const { resources: _, ...spec } = old.spec
  const { managedFields } = pod.metadata
  return {
    ...old,
    metadata: { ...old.metadata, ...(managedFields && { managedFields }), resourceVersion: pod.metadata.resourceVersion },
    spec: {
      ...spec,
      containers: resized(pod.spec.containers, old.spec.containers),
      ...(pod.spec.initContainers && { initContainers: resized(pod.spec.initContainers, old.spec.initContainers ?? []) }),
      ...(pod.spec.resources && { resources: pod.spec.resources })
    }
  }
}

const lacks = (now: Amounts = {}, before: Amounts = {}) =>
  ["cpu", "memory"].some((name) => before[name] !== undefined && now[name] === undefined)

const removed = (containers: ReadonlyArray<Container>, old: ReadonlyArray<Container>, field: string): Causes.Causes =>
  containers.flatMap(({ resources }, index) =>
    (["limits", "requests"] as const).flatMap((kind) =>
      lacks(resources[kind], old[index]?.resources[kind])
        ? [Causes.forbidden(`${field}[${index}].resources.${kind}`, `resource ${kind} cannot be removed`)]
        : []
    )
  )

const fixed = ({ cpu: _c, memory: _m, ...others }: Amounts = {}) => others
const unresized = ({ containers, initContainers = [], resources, ...rest }: PodSpec) => {
  const without = (container: Container) => {
    const { limits, requests, ...others } = container.resources
    return { ...container, resources: { ...others, limits: fixed(limits), requests: fixed(requests) } }
  }
  const whole = { limits: fixed(resources?.limits), requests: fixed(resources?.requests) }
  return { ...rest, resources: whole, containers: containers.map(without), initContainers: initContainers.map(without) }
}

const namesOf = (containers: ReadonlyArray<Container> = []) => containers.map(({ name }) => name)

/** Containers that are others, at either place. */
const exchanged = (spec: PodSpec, old: PodSpec): Causes.Causes =>
  (["containers", "initContainers"] as const).flatMap((field) => {
    const [now, before] = [namesOf(spec[field]), namesOf(old[field])]
    if (now.length !== before.length)
      return [Causes.forbidden(`spec.${field}`, "containers may not be added or removed on resize")]
    return now.flatMap((name, index) =>
      name === before[index]
        ? []
        : [Causes.forbidden(`spec.${field}[${index}].name`, "containers may not be renamed or reordered on resize")]
    )
  })

const mirror = "kubernetes.io/config.mirror"

export const validate = ({ spec }: Pod, { metadata, spec: old, status }: Pod): Causes.Causes => {
  if (metadata.annotations?.[mirror] !== undefined) return [Causes.forbidden("", "static pods cannot be resized")]
  const others = exchanged(spec, old)
  if (others.length > 0) return others
  const quality = status.qosClass ?? QualityOfService.of(old)
  return [
    ...(QualityOfService.of(spec) === quality
      ? []
      : [Causes.invalid("spec", quality, "Pod QOS Class may not change as a result of resizing")]),
    ...removed(spec.containers, old.containers, "spec.containers"),
    ...removed(spec.initContainers ?? [], old.initContainers ?? [], "spec.initContainers"),
    ...(equal(json(unresized(spec)), json(unresized(old)))
      ? []
      : [Causes.forbidden("spec", "only cpu and memory resources are mutable")])
  ]
}
