/** What may change of a Pod that exists: its node runs it as it was. Source: "Pod update and replacement" of the documentation. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type { Schema } from "effect"
import type { Container, EphemeralContainer, Pod, PodSpec } from "../contracts/core/v1.ts"

const mutable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
].join(",")

/** A spec is JSON; an interface lacks the index signature that says so, hence the cast. */
const json = (value: unknown) => value as Schema.Json
const same = (a: unknown, b: unknown) => equal(json(a), json(b))

const imagesOf = <C extends Container>(containers: ReadonlyArray<C> | undefined, from: ReadonlyArray<C> | undefined) =>
  containers?.map((container, index) => {
    const { image } = from?.[index] ?? {}
    const { image: _, ...rest } = container
    return { ...rest, ...(image !== undefined && { image }) }
  })

/** The new spec with all that may change as it was: what is different still may not be. */
const masked = (spec: PodSpec, old: PodSpec) => {
  const { activeDeadlineSeconds: _a, containers, initContainers, schedulingGates: _s, tolerations: _t, ...rest } = spec
  const { activeDeadlineSeconds, schedulingGates, tolerations } = old
  const wasNegative = old.terminationGracePeriodSeconds < 0 && spec.terminationGracePeriodSeconds === 1
  return {
    ...rest,
    ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
    ...(schedulingGates !== undefined && { schedulingGates }),
    ...(tolerations !== undefined && { tolerations }),
    ...(wasNegative && { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds }),
    containers: imagesOf(containers, old.containers),
    ...(initContainers !== undefined && { initContainers: imagesOf(initContainers, old.initContainers) })
  }
}

/** While its scheduling is held back, where a Pod may go can be narrowed. */
const isGated = ({ schedulingGates = [] }: PodSpec) => schedulingGates.length > 0
const withPlacement = <S extends { readonly nodeSelector?: unknown; readonly affinity?: unknown }>(
  spec: S,
  old: PodSpec
) => {
  const { affinity: _a, nodeSelector: _n, ...rest } = spec
  return {
    ...rest,
    ...(old.nodeSelector !== undefined && { nodeSelector: old.nodeSelector }),
    ...(old.affinity !== undefined && { affinity: old.affinity })
  }
}

const validateTolerations = ({ tolerations = [] }: PodSpec, old: PodSpec): Causes.Causes => {
  const untimed = ({ tolerationSeconds: _, ...rest }: NonNullable<PodSpec["tolerations"]>[number]) => rest
  const lost = (old.tolerations ?? []).some((one) => !tolerations.some((other) => same(untimed(one), untimed(other))))
  return lost
    ? [Causes.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")]
    : []
}

const validateDeadline = ({ activeDeadlineSeconds }: PodSpec, { activeDeadlineSeconds: before }: PodSpec): Causes.Causes => {
  const field = "spec.activeDeadlineSeconds"
  if (before === undefined || activeDeadlineSeconds === before) return []
  if (activeDeadlineSeconds === undefined)
    return [Causes.invalid(field, null, "must not update from a positive integer to nil value")]
  return activeDeadlineSeconds < before
    ? []
    : [Causes.invalid(field, activeDeadlineSeconds, "must be less than or equal to previous value")]
}

const validateGates = ({ schedulingGates = [] }: PodSpec, old: PodSpec): Causes.Causes => {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name))
  return schedulingGates.flatMap(({ name }, index) =>
    known.has(name)
      ? []
      : [
          Causes.forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`
          )
        ]
  )
}

const validateEphemeral = (containers: ReadonlyArray<EphemeralContainer>, old: ReadonlyArray<EphemeralContainer>) =>
  old.flatMap((before) => {
    const field = "spec.ephemeralContainers"
    const now = containers.find(({ name }) => name === before.name)
    if (now === undefined)
      return [Causes.forbidden(field, `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`)]
    return same(now, before)
      ? []
      : [Causes.forbidden(field, `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`)]
  })

const changedFields = (spec: object, old: object) => {
  const [now, before] = [new Map(Object.entries(spec)), new Map(Object.entries(old))]
  return [...new Set([...now.keys(), ...before.keys()])].filter(
    (name) => !same(now.get(name) ?? null, before.get(name) ?? null)
  )
}

const validateSpec = (spec: PodSpec, old: PodSpec): Causes.Causes => {
  if (spec.containers.length !== old.containers.length)
    return [Causes.forbidden("spec.containers", "pod updates may not add or remove containers")]
  if ((spec.initContainers ?? []).length !== (old.initContainers ?? []).length)
    return [Causes.forbidden("spec.initContainers", "pod updates may not add or remove containers")]
  const kept = masked(spec, old)
  const changed = changedFields(isGated(old) ? withPlacement(kept, old) : kept, old)
  return [
    ...validateDeadline(spec, old),
    ...validateTolerations(spec, old),
    ...validateGates(spec, old),
    ...(changed.length === 0
      ? []
      : [
          Causes.forbidden(
            "spec",
            `pod updates may not change fields other than ${mutable}\nchanged: ${changed.join(", ")}\n`
          )
        ])
  ]
}

export const validateUpdate = ({ spec }: Pod, { spec: old }: Pod, subresource: string): Causes.Causes => {
  if (subresource === "ephemeralcontainers")
    return validateEphemeral(spec.ephemeralContainers ?? [], old.ephemeralContainers ?? [])
  return subresource === "" ? validateSpec(spec, old) : []
}
