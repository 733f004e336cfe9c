/** The words of which the kinds' table columns are made. */
import * as Age from "../../kernel/resource/Age.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Column } from "../../kernel/resource/Strategy.ts"

export const none = "<none>"
export const unknown = "<unknown>"
export const unset = "<unset>"

type Value<A> = Column<A>["value"]

export const text = <A>(name: string, description: string, value: Value<A>): Column<A> => ({
  name,
  type: "string",
  description,
  value
})
export const integer = <A>(name: string, description: string, value: (object: A) => number | undefined): Column<A> => ({
  name,
  type: "integer",
  description,
  value: (object) => value(object) ?? 0
})
export const truth = <A>(name: string, description: string, value: (object: A) => boolean | undefined): Column<A> => ({
  name,
  type: "boolean",
  description,
  value: (object) => value(object) ?? false
})
export const wide = <A>(column: Column<A>): Column<A> => ({ ...column, wide: true })

/** For kinds that have columns after it. */
export const age: Column<Resource> = text("Age", "How long ago the object was created.", ({ metadata }, now) =>
  Age.since(metadata.creationTimestamp, now)
)

/** A list in one cell; at most `limit` of it, if there is a limit. */
export const joined = (values: ReadonlyArray<string>, limit = values.length) => {
  if (values.length === 0) return none
  const rest = values.length - limit
  return `${values.slice(0, limit).join(",")}${rest > 0 ? ` + ${rest} more...` : ""}`
}

/** Of labels that have to match, as a selector writes them. */
export const labels = (values: { readonly [key: string]: string } | undefined) =>
  joined(
    Object.entries(values ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .toSorted()
  )

interface HasContainers {
  readonly containers: ReadonlyArray<{ readonly name: string; readonly image?: string }>
}
/** Of the template of a workload. */
export const containers = <A>(spec: (object: A) => HasContainers): ReadonlyArray<Column<A>> => [
  wide(
    text("Containers", "The names of the containers.", (object) => joined(spec(object).containers.map(({ name }) => name)))
  ),
  wide(
    text("Images", "The images of the containers.", (object) =>
      joined(spec(object).containers.map(({ image }) => image ?? ""))
    )
  )
]
