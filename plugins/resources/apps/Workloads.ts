/** What Deployments, ReplicaSets, StatefulSets and DaemonSets have in common. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { nonNegative, when } from "../../../kernel/resource/Rules.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Schema } from "effect"
import type { Column } from "../../../kernel/resource/Strategy.ts"
import { text, wide } from "../Columns.ts"
import type { PodTemplateSpec } from "../contracts/core/v1.ts"
import * as PodDefaults from "../core/PodDefaults.ts"
import { validateAlways, validateSelector, validateTemplate } from "../core/Template.ts"

interface Workload {
  readonly spec: {
    readonly minReadySeconds?: number
    readonly replicas?: number
    readonly revisionHistoryLimit?: number
    readonly selector: Selector.LabelSelector
    readonly template: PodTemplateSpec
  }
}

export const withTemplate = <A extends Workload>(object: A): A => ({
  ...object,
  spec: { ...object.spec, template: PodDefaults.template(object.spec.template) }
})

const counts = ["replicas", "minReadySeconds"] as const

/** By it no template can be found wrong. */
const isUnreadable = (selector: Selector.LabelSelector | undefined) =>
  selector !== undefined && Selector.validate(selector, "").length > 0

/** `word`: as a message about an empty selector calls it. */
export const validate = ({ spec }: Workload, word: string): Causes.Causes => [
  ...counts.flatMap((name) => nonNegative(`spec.${name}`, spec[name])),
  ...validateSelector(spec.selector, spec.template, word),
  ...(word !== "daemonset" && isUnreadable(spec.selector) ? [] : validateTemplate(spec.template)),
  ...validateAlways(spec.template, word)
]

interface Counts {
  readonly [name: string]: unknown
}
const numberOf = (value: unknown) => (typeof value === "number" ? value : 0)

/** Numbers of a status: none is negative, and `parts` are no more than what they are parts of. */
export const validateCounts = (
  status: object,
  names: ReadonlyArray<string>,
  parts: ReadonlyArray<readonly [part: string, of: string]>
): Causes.Causes => {
  const counts: Counts = { ...status }
  return [
    ...names.flatMap((name) => nonNegative(`status.${name}`, numberOf(counts[name]))),
    ...parts.flatMap(([part, whole]) =>
      when(numberOf(counts[part]) > numberOf(counts[whole]), () =>
        Causes.invalid(`status.${part}`, counts[part], `cannot be greater than status.${whole}`)
      )
    )
  ]
}

/** Of how often names of revisions have collided. */
export const neverLess = (now: number | undefined, before: number | undefined): Causes.Causes =>
  when((now ?? 0) < (before ?? 0), () => Causes.invalid("status.collisionCount", now ?? 0, "cannot be decremented"))

/** Parts of objects are JSON; an interface lacks the index signature that says so, hence the cast. */
const json = (value: unknown) => value as Schema.Json
export const same = (a: unknown, b: unknown) => equal(json(a ?? null), json(b ?? null))

export const fixedSelector = ({ spec }: Workload, { spec: old }: Workload): Causes.Causes =>
  same(spec.selector, old.selector) ? [] : [Causes.immutable("spec.selector", spec.selector)]

/** A number, or a share such as `25%`. */
export const validateShare = (value: number | string, field: string): Causes.Causes => {
  if (typeof value === "number") return nonNegative(field, value)
  const wrong = Causes.broken(field, value, Names.percentage(value))
  return wrong.length === 0 && Number.parseInt(value, 10) > 100
    ? [Causes.invalid(field, value, "must not be greater than 100%")]
    : wrong
}
export const isZero = (value: number | string | undefined) => value === undefined || Number.parseInt(`${value}`, 10) === 0

export const selector = <A extends { readonly spec: { readonly selector?: Selector.LabelSelector } }>(): Column<A> =>
  wide(
    text(
      "Selector",
      "Which Pods belong to it.",
      ({ spec }) => Selector.format(Selector.ofObject(spec.selector) ?? []) || "<none>"
    )
  )
