/** What is wrong with the metadata of an object: the rules that all kinds share. Source: API conventions, "Metadata". */
import * as Causes from "./Causes.ts"
import type { Any, Resource } from "./Kind.ts"
import type { ObjectMeta, OwnerReference } from "./Metadata.ts"
import * as Names from "./Names.ts"
import * as Selector from "./Selector.ts"

/** Of all annotations of an object together. */
const maxAnnotationBytes = 256 * 1024

/** `rule`: what names of the kind look like; most are subdomains. */
export const validate = (
  kind: Pick<Any, "namespaced">,
  { metadata }: Resource,
  old: Resource | undefined,
  rule: Names.Rule = Names.dns1123Subdomain,
  /** Custom kinds may have finalizers of any name. */
  isCustom = false
): Causes.Causes => {
  // Names are checked when they are given: they cannot change, and rules may have been others.
  const named = old === undefined ? [...validateNames(metadata, rule), ...validateNamespace(kind, metadata)] : []
  return [
    ...named,
    ...validateContent(metadata, isCustom),
    ...(old === undefined ? [] : validateUpdate(metadata, old.metadata))
  ]
}

/** A generated name has five more letters at its end. */
const masked = (prefix: string) => (prefix.endsWith("-") ? `${prefix.slice(0, -1)}a` : prefix)

const validateNames = ({ generateName = "", name = "" }: ObjectMeta, rule: Names.Rule): Causes.Causes => [
  ...(generateName === "" ? [] : Causes.broken("metadata.generateName", generateName, rule(masked(generateName)))),
  ...(name === ""
    ? [Causes.required("metadata.name", "name or generateName is required")]
    : Causes.broken("metadata.name", name, rule(name)))
]

const validateNamespace = ({ namespaced }: Pick<Any, "namespaced">, { namespace = "" }: ObjectMeta): Causes.Causes => {
  if (!namespaced) return namespace === "" ? [] : [Causes.forbidden("metadata.namespace", "not allowed on this type")]
  if (namespace === "") return [Causes.required("metadata.namespace")]
  return Causes.broken("metadata.namespace", namespace, Names.dns1123Label(namespace))
}

const validateContent = (metadata: ObjectMeta, isCustom: boolean): Causes.Causes => [
  ...Selector.validateLabels(metadata.labels, "metadata.labels"),
  ...validateAnnotations(metadata.annotations ?? {}),
  ...validateOwners(metadata.ownerReferences ?? []),
  ...validateFinalizers(metadata.finalizers ?? [], isCustom)
]

export const validateAnnotations = (
  annotations: { readonly [key: string]: string },
  field = "metadata.annotations"
): Causes.Causes => {
  const entries = Object.entries(annotations)
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  return [
    ...entries.flatMap(([key]) => Causes.broken(field, key, Names.labelKey(key.toLowerCase()))),
    ...(bytes > maxAnnotationBytes ? [Causes.tooLong(field, maxAnnotationBytes)] : [])
  ]
}

const ownersField = "metadata.ownerReferences"

const validateOwners = (owners: ReadonlyArray<OwnerReference>): Causes.Causes => {
  const [first, second] = owners.filter(({ controller }) => controller === true)
  const shown = ({ kind, name }: OwnerReference) => `${kind}/${name}`
  return [
    ...owners.flatMap(validateOwner),
    ...(first !== undefined && second !== undefined
      ? [
          Causes.invalid(
            ownersField,
            owners,
            `Only one reference can have Controller set to true. Found "true" in references for ${shown(first)} and ${shown(second)}`
          )
        ]
      : [])
  ]
}

const validateOwner = (owner: OwnerReference): Causes.Causes => {
  const { apiVersion, kind, name, uid } = owner
  const empty = Object.entries({ kind, name, uid }).filter(([, value]) => value === "")
  return [
    ...(apiVersion.split("/").at(-1) === ""
      ? [Causes.invalid(`${ownersField}.apiVersion`, apiVersion, "version must not be empty")]
      : []),
    ...empty.map(([field, value]) => Causes.invalid(`${ownersField}.${field}`, value, "must not be empty")),
    ...(apiVersion === "v1" && kind === "Event"
      ? [Causes.invalid(ownersField, owner, "/v1, Kind=Event is disallowed from being an owner")]
      : [])
  ]
}

const [orphan, foreground] = ["orphan", "foregroundDeletion"] as const

const standard = [orphan, foreground, "kubernetes"]
const unqualified = "name is neither a standard finalizer name nor is it fully qualified"

const validateFinalizers = (finalizers: ReadonlyArray<string>, isCustom: boolean): Causes.Causes => [
  ...finalizers.flatMap((one, index) => [
    ...Causes.broken("metadata.finalizers", one, Names.labelKey(one)),
    ...(isCustom || one.includes("/") || standard.includes(one)
      ? []
      : [Causes.invalid(`metadata.finalizers[${index}]`, one, unqualified)])
  ]),
  ...(finalizers.includes(orphan) && finalizers.includes(foreground)
    ? [
        Causes.invalid(
          "metadata.finalizers",
          finalizers,
          `finalizer ${finalizers.filter((one) => one === orphan || one === foreground).join(" and ")} cannot be both set`
        )
      ]
    : [])
]

const fixed = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const

const validateUpdate = (metadata: ObjectMeta, old: ObjectMeta): Causes.Causes => {
  const added = (metadata.finalizers ?? []).filter((one) => !old.finalizers?.includes(one))
  const changed = fixed.filter((field) => (metadata[field] ?? "") !== (old[field] ?? ""))
  return [
    ...(old.deletionTimestamp !== undefined && added.length > 0
      ? [
          Causes.forbidden(
            "metadata.finalizers",
            `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`
          )
        ]
      : []),
    ...((metadata.generation ?? 0) < (old.generation ?? 0)
      ? [Causes.invalid("metadata.generation", metadata.generation, "must not be decremented")]
      : []),
    ...changed.map((field) => Causes.immutable(`metadata.${field}`, metadata[field]))
  ]
}
