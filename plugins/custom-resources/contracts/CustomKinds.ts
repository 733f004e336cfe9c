/** Custom kinds as programs see them that work on objects of all kinds: enough of each to list, watch, patch and delete. */
import type { Schema } from "effect"
import * as Field from "../../../kernel/resource/Field.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft } from "../../../kernel/resource/Metadata.ts"
import * as Shape from "../../../kernel/resource/Shape.ts"
import type { CustomResourceDefinition } from "../../resources/contracts/apiextensions/v1.ts"

/** Keeps a definition until the objects of its kind are gone. */
export const cleanup = "customresourcecleanup.apiextensions.k8s.io"

const has = ({ status }: CustomResourceDefinition, type: string) =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true

export const isEstablished = (crd: CustomResourceDefinition) => has(crd, "Established")
export const isTerminating = (crd: CustomResourceDefinition) => has(crd, "Terminating")

let anything: Schema.Codec<Schema.Json> | undefined
/** An object with metadata, and the rest as it is. */
const whole = () =>
  (anything ??= Shape.asSchema({
    type: "object",
    custom: true,
    atomic: false,
    preserveUnknown: true,
    fields: new Map([["metadata", { shape: Shape.of(ObjectMetaDraft()), required: false, default: {} }]])
  }))

/** Nothing as long as it is not served. */
export const of = (crd: CustomResourceDefinition): Kind.Any | undefined => {
  const { spec, status } = crd
  const served = spec.versions.filter((version) => version.served)
  const stored = served.find(({ storage }) => storage) ?? served[0]
  if (!isEstablished(crd) || stored === undefined) return undefined
  const { acceptedNames: names = spec.names } = status ?? {}
  const version = (name: string) => ({ group: spec.group, version: name, schema: Field.asJson(whole) })
  return Kind.make<Kind.Resource, Kind.ResourceDraft>({
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: spec.scope === "Namespaced",
    storage: `${names.plural}.${spec.group}`,
    verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
    versions: [version(stored.name), ...served.filter((one) => one !== stored).map(({ name }) => version(name))]
  })
}
