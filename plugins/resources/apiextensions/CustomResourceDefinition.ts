/** CustomResourceDefinitions: what is filled in, what their status begins with, how they go, and how they are shown. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { cleanup } from "../../custom-resources/contracts/CustomKinds.ts"
import type { CustomResourceDefinition as Crd } from "../contracts/apiextensions/v1.ts"
import { created } from "../rbac/Rbac.ts"
import { statusApart } from "../Updates.ts"
import { validate, validateUpdate } from "./Validation.ts"

/** Names that follow from the kind. */
const defaults = (crd: Crd): Crd => {
  const { names } = crd.spec
  const { kind, listKind = "", singular = "" } = names
  if ((listKind !== "" && singular !== "") || kind === "") return crd
  return {
    ...crd,
    spec: {
      ...crd.spec,
      names: { ...names, singular: singular || kind.toLowerCase(), listKind: listKind || `${kind}List` }
    }
  }
}

/** Every version in which objects may lie in the store. Whoever has moved them all takes the others out. */
const withStored = (crd: Crd): Crd => {
  const stored = crd.status?.storedVersions ?? []
  const missing = crd.spec.versions.filter(({ name, storage }) => storage && !stored.includes(name)).map(({ name }) => name)
  return missing.length === 0 ? crd : { ...crd, status: { ...crd.status, storedVersions: [...stored, ...missing] } }
}

const prepareUpdate = (crd: Crd, old: Crd, subresource: string): Crd => {
  const next = statusApart({ ...crd, status: crd.status ?? {} }, { ...old, status: old.status ?? {} }, subresource)
  return subresource === "status" ? next : withStored(next)
}

const pending = {
  type: "Terminating",
  status: "True",
  reason: "InstanceDeletionPending",
  message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
}

/** Its objects go first: a finalizer holds it until they are gone. */
const prepareDelete = (crd: Crd): Crd => {
  const { deletionTimestamp, finalizers = [] } = crd.metadata
  if (finalizers.includes(cleanup) || crd.status?.conditions?.some(({ type }) => type === "Terminating") === true) return crd
  const condition = { ...pending, ...(deletionTimestamp !== undefined && { lastTransitionTime: deletionTimestamp }) }
  return {
    ...crd,
    metadata: { ...crd.metadata, finalizers: [...finalizers, cleanup] },
    status: { ...crd.status, conditions: [...(crd.status?.conditions ?? []), condition] }
  }
}

export const strategy: Strategy<Crd> = {
  generation: true,
  anyFinalizer: true,
  defaults,
  prepareCreate: (crd) => withStored({ ...crd, status: { acceptedNames: { plural: "", kind: "" }, conditions: [] } }),
  prepareUpdate,
  deletionTimeOnly: true,
  prepareDelete,
  validate,
  validateUpdate,
  columns: [created]
}
