/**
 * A definition as a kind: what the API serves under the names that were accepted, in the same internal form that built-in kinds
 * have. The storage version stands first; what differs between versions (columns, subresources, selectable fields) is a view.
 */
import type { Schema } from "effect"
import { createHash } from "node:crypto"
import * as Field from "../../kernel/resource/Field.ts"
import * as FromOpenApi from "../../kernel/resource/FromOpenApi.ts"
import * as Kind from "../../kernel/resource/Kind.ts"
import type { View } from "../../kernel/resource/Kinds.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import type { ScalePaths } from "../../kernel/resource/Strategy.ts"
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../resources/contracts/apiextensions/v1.ts"
import * as Columns from "./Columns.ts"
import * as CustomKinds from "./contracts/CustomKinds.ts"
import * as Selectable from "./Selectable.ts"
import * as Strategies from "./Strategies.ts"
import * as Validation from "./Validation.ts"

export type CustomKind = Kind.Kind<Kind.Resource, Kind.ResourceDraft>

export interface Definition {
  readonly kind: CustomKind
  readonly views: ReadonlyMap<string, View>
  /** Differs when anything differs that is served. */
  readonly digest: string
}

type Crd = CustomResourceDefinition
type Version = CustomResourceDefinitionVersion

/** A schema is the wire's JSON, hence the cast. */
export const schemaOf = ({ schema }: Version): Schema.JsonObject | undefined =>
  schema?.openAPIV3Schema as Schema.JsonObject | undefined

const digestOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16)

/** Without a schema, and where old definitions say so, nothing is pruned. */
const shapeOf = (crd: Crd, version: Version): Shape.Shape =>
  FromOpenApi.kind({
    type: "object",
    ...schemaOf(version),
    ...(crd.spec.preserveUnknownFields === true && { "x-kubernetes-preserve-unknown-fields": true })
  })

const servedVersion = (crd: Crd, version: Version): Kind.Version => {
  const schema = schemaOf(version)
  let built: Schema.Codec<Schema.Json> | undefined
  return {
    group: crd.spec.group,
    version: version.name,
    served: version.served,
    schema: Field.asJson(() => (built ??= Shape.asSchema(shapeOf(crd, version)))),
    ...(schema !== undefined && { validate: Validation.of(schema), described: schema })
  }
}

const subresourcesOf = ({ subresources }: Version): ReadonlyArray<string> =>
  Object.entries(subresources ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name]))

const scaleOf = ({ subresources }: Version): ScalePaths | undefined => {
  const { scale } = subresources ?? {}
  const dotted = (path: string) => path.replace(/^\./, "")
  return (
    scale && {
      spec: dotted(scale.specReplicasPath),
      status: dotted(scale.statusReplicasPath),
      ...(scale.labelSelectorPath !== undefined && { selector: dotted(scale.labelSelectorPath) })
    }
  )
}

const viewOf = (version: Version): View => {
  const { additionalPrinterColumns: columns = [], selectableFields = [] } = version
  const scale = scaleOf(version)
  const subresources = subresourcesOf(version)
  return {
    subresources,
    strategy: {
      ...Strategies.of(subresources),
      columns: columns.map(Columns.column),
      onlyColumns: columns.length > 0,
      selectable: Selectable.of(selectableFields),
      ...(scale !== undefined && { scale })
    }
  }
}

/** While its definition goes, no more objects of a kind are made. */
const verbs = ["delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const

/** Nothing, as long as it is not established or has no version to store. `convert`: how a webhook is asked. */
export const of = (crd: Crd, convert?: (crd: Crd) => Kind.Any["convert"]): Definition | undefined => {
  const { spec } = crd
  const stored = spec.versions.find(({ storage }) => storage)
  if (!CustomKinds.isEstablished(crd) || stored === undefined) return undefined
  const names = CustomKinds.namesOf(crd)
  const asked = spec.conversion.strategy === "Webhook" ? convert?.(crd) : undefined
  const versions = [stored, ...spec.versions.filter((version) => version !== stored)]
  const kind: CustomKind = Kind.make({
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    namespaced: spec.scope === "Namespaced",
    storage: `${names.plural}.${spec.group}`,
    form: digestOf([stored.name, stored.schema, spec.preserveUnknownFields]),
    verbs: CustomKinds.isTerminating(crd) ? verbs : [...verbs, "create"],
    subresources: subresourcesOf(stored),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    ...(asked !== undefined && { convert: asked }),
    versions: [servedVersion(crd, stored), ...versions.slice(1).map((version) => servedVersion(crd, version))]
  })
  return {
    kind,
    views: new Map(versions.map((version) => [version.name, viewOf(version)])),
    digest: digestOf([spec, names, crd.metadata.uid, CustomKinds.isTerminating(crd)])
  }
}
