/** Which objects a request chooses: by namespace, name, labels and fields. Compiled once, asked for every object. */
import { Result } from "effect"
import type { BadRequest } from "../client/Errors.ts"
import { apiVersion, type Resource, type Version } from "../resource/Kind.ts"
import type { Served } from "../resource/Kinds.ts"
import * as Selector from "../resource/Selector.ts"
import type { Row } from "../table/Row.ts"
import type { Interest } from "../table/Watchers.ts"
import type { At, SelectOptions } from "./Pipeline.ts"

export interface Selection {
  readonly matches: (row: Row) => boolean
  /** Whether anything but the namespace is asked of an object: if not, its bytes need not be read. */
  readonly selects: boolean
  /** It chooses by fields of a form that somebody else has to make: `Conversion.prepare` comes before `matches`. */
  readonly isConverted: boolean
  /** The one name that can match, if there is only one. */
  readonly name: string | undefined
  /** The value by which whoever watches this is found; absent for who watches everything. */
  readonly interest: Interest | undefined
}

const names: Omit<Interest, "value"> = { by: "metadata.name", of: ({ name }) => name }
const namespaces: Omit<Interest, "value"> = { by: "metadata.namespace", of: ({ namespace }) => namespace }

const common = ["metadata.name", "metadata.namespace"]

/** By which fields a kind can be selected, and how others are refused: both in the upstream API server's words. */
const selectable = ({ kind, strategy }: Served, version: Version | undefined) => {
  const { notSelectable, selectable } = strategy
  if (selectable === undefined) {
    const only = common.map((field) => JSON.stringify(field)).join(", ")
    return {
      known: common,
      refusal: (field: string) => `${JSON.stringify(field)} is not a known field selector: only ${only}`
    }
  }
  const own = Object.keys(selectable).filter((field) => version?.selectable?.(field) !== false)
  return { known: [...common.slice(0, kind.namespaced ? 2 : 1), ...own], refusal: notSelectable }
}

const valueOf = (object: Resource, { strategy }: Served, field: string): string | undefined => {
  if (field === "metadata.name") return object.metadata.name
  if (field === "metadata.namespace") return object.metadata.namespace ?? ""
  return strategy.selectable?.[field]?.(object)
}

export const compile = (
  { name, namespace, served, version }: Pick<At, "name" | "namespace" | "served"> & Partial<Pick<At, "version">>,
  { fieldSelector = "", labelSelector = "" }: SelectOptions
): Result.Result<Selection, BadRequest> =>
  Result.gen(function* () {
    const labels = labelSelector === "" ? undefined : yield* Selector.parseLabels(labelSelector)
    const { known, refusal } = selectable(served, version)
    const fields = fieldSelector === "" ? [] : yield* Selector.parseFields(fieldSelector, known, refusal)
    const named =
      fields.find(({ equal, field }) => equal && field === "metadata.name")?.value ?? (name === "" ? undefined : name)
    const others = fields.filter(({ equal, field }) => !(equal && field === "metadata.name"))
    const converted =
      served.kind.convert !== undefined && others.some(({ field }) => !common.includes(field)) ? version : undefined
    const form = converted && apiVersion(converted)
    const objectOf = (row: Row) => (form === undefined ? row.object : row.objectIn(form))
    const matches = (row: Row) => {
      if (namespace !== "" && row.namespace !== namespace) return false
      if (named !== undefined && row.name !== named) return false
      if (labels !== undefined && !labels(row.object.metadata.labels ?? {})) return false
      return others.every(({ equal, field, value }) => (valueOf(objectOf(row), served, field) === value) === equal)
    }
    const equality = form === undefined ? others.find(({ equal }) => equal) : undefined
    const interest: Interest | undefined =
      named !== undefined
        ? { ...names, value: named }
        : equality !== undefined
          ? { by: equality.field, of: ({ object }) => valueOf(object, served, equality.field), value: equality.value }
          : namespace !== ""
            ? { ...namespaces, value: namespace }
            : undefined
    const selects = labels !== undefined || fields.length > 0 || named !== undefined
    return { interest, isConverted: form !== undefined, matches, selects, name: named }
  })
