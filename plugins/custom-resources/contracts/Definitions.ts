/** What is wrong with a CustomResourceDefinition, as upstream words it, for whoever takes in definitions. */
import type { Schema } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"

import * as Names from "../../../kernel/resource/Names.ts"
import * as Rules from "../../cel/contracts/Rules.ts"
import type {
  CustomResourceDefinition as Crd,
  CustomResourceDefinitionVersion as Version
} from "../../resources/contracts/apiextensions/v1.ts"
import * as Defaults from "../definition/Defaults.ts"
import * as Spec from "../definition/Spec.ts"
import * as Structural from "../definition/Structural.ts"

/** A schema is the wire's JSON, hence the cast. */
const schemaOf = ({ schema }: Version) => schema?.openAPIV3Schema as Schema.JsonObject | undefined

/** Definitions of old had one of each for all versions, and messages still name it so where all versions agree. */
const placesOf = (versions: ReadonlyArray<Version>, index: number) => {
  const [first] = versions
  const agree = (part: (version: Version) => unknown) => versions.every((one) => first && same(part(one), part(first)))
  const at = `spec.versions[${index}]`
  return {
    at,
    schema: agree(({ schema }) => schema) ? "spec.validation.openAPIV3Schema" : `${at}.schema.openAPIV3Schema`,
    shown: versions.length === 1 ? "spec" : at
  }
}

const schemaProblems = (schema: Schema.JsonObject, at: string): Causes.Causes => {
  const found = Structural.problems(schema, at)
  // What is not structural has no types by which defaults and rules could be judged.
  return found.length > 0 ? found : [...Defaults.problems(schema, at), ...Rules.problems(schema, at)]
}

const versionProblems = (version: Version, index: number, versions: ReadonlyArray<Version>): Causes.Causes => {
  const { at, schema: field, shown } = placesOf(versions, index)
  const schema = schemaOf(version)
  const isSaid = index > 0 && field.startsWith("spec.validation")
  const named = Causes.broken(`${at}.name`, version.name, Names.dns1035Label(version.name))
  return [
    ...named,
    ...(schema === undefined
      ? [Causes.required(`${at}.schema.openAPIV3Schema`)]
      : isSaid
        ? []
        : schemaProblems(schema, field)),
    ...Spec.shown(version, schema ?? {}, shown),
    ...Spec.deprecation(version, at)
  ]
}

const stored = ({ spec: { versions }, status }: Crd): Causes.Causes => {
  const isUnique = new Set(versions.map(({ name }) => name)).size === versions.length
  const storing = versions.filter(({ storage }) => storage)
  const names = status?.storedVersions ?? []
  const [storage] = storing
  const unknown = names.filter((name) => !versions.some((version) => version.name === name))
  return [
    ...(isUnique ? [] : [Causes.invalid("spec.versions", versions, "must contain unique version names")]),
    ...(storing.length === 1
      ? []
      : [Causes.invalid("spec.versions", versions, "must have exactly one version marked as storage version")]),
    ...(names.length === 0
      ? [Causes.invalid("status.storedVersions", status?.storedVersions, "must have at least one stored version")]
      : []),
    ...(storage === undefined || names.length === 0 || (storing.length === 1 && names.includes(storage.name))
      ? []
      : [Causes.invalid("status.storedVersions", names, `must have the storage version ${storage.name}`)]),
    ...unknown.map((name) =>
      Causes.invalid(
        `status.storedVersions[${names.indexOf(name)}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
      )
    )
  ]
}

/** `isOld`: an update of a definition whose schemas did not change. What was taken once is not refused now. */
export const problems = (crd: Crd, old?: Crd): Causes.Causes => {
  const { metadata, spec } = crd
  const { names, versions } = spec
  const isSame = old !== undefined && same(spec.versions, old.spec.versions)
  return [
    ...(metadata.name === `${names.plural}.${spec.group}`
      ? []
      : [Causes.invalid("metadata.name", metadata.name, `must be spec.names.plural+"."+spec.group`)]),
    ...Spec.group(crd),
    ...(spec.scope === "Cluster" || spec.scope === "Namespaced"
      ? []
      : spec.scope === ""
        ? [Causes.required("spec.scope")]
        : [Causes.notSupported("spec.scope", spec.scope, ["Cluster", "Namespaced"])]),
    ...Spec.names(crd),
    ...(isSame ? [] : versions.flatMap(versionProblems)),
    // The first is what definitions of old had for the only one.
    ...versions.slice(0, 1).flatMap(({ name }) => Causes.broken("spec.version", name, Names.dns1035Label(name))),
    ...Spec.conversion(spec.conversion),
    ...(spec.preserveUnknownFields === true && old?.spec.preserveUnknownFields !== true
      ? [
          Causes.invalid(
            "spec.preserveUnknownFields",
            true,
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
          )
        ]
      : []),
    ...stored(crd),
    ...(old === undefined ? Spec.approved(crd) : [])
  ]
}

const isEstablished = ({ status }: Crd) =>
  status?.conditions?.some((one) => one.type === "Established" && one.status === "True") === true

/** Objects that are there have been made under these. */
export const changes = (crd: Crd, old: Crd): Causes.Causes => {
  const fixed = (field: string, value: unknown, before: unknown) =>
    value === before ? [] : [Causes.immutable(field, value)]
  return [
    ...fixed("spec.group", crd.spec.group, old.spec.group),
    ...fixed("spec.names.plural", crd.spec.names.plural, old.spec.names.plural),
    ...(isEstablished(old)
      ? [
          ...fixed("spec.scope", crd.spec.scope, old.spec.scope),
          ...fixed("spec.names.kind", crd.spec.names.kind, old.spec.names.kind)
        ]
      : [])
  ]
}
