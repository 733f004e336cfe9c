/** CustomResourceDefinitions: how they are named and shown. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { oneOf } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import type { CustomResourceDefinition } from "../contracts/apiextensions/v1.ts"
import { created } from "../rbac/Rbac.ts"

const validate = ({ metadata, spec: { group, names, scope, versions } }: CustomResourceDefinition): Causes.Causes => [
  ...(metadata.name === `${names.plural}.${group}`
    ? []
    : [Causes.invalid("metadata.name", metadata.name, `must be spec.names.plural+"."+spec.group`)]),
  ...oneOf("spec.scope", scope, ["Cluster", "Namespaced"]),
  ...(versions.filter(({ storage }) => storage).length === 1
    ? []
    : [Causes.invalid("spec.versions", versions.length, "must have exactly one version marked as storage version")])
]

export const strategy: Strategy<CustomResourceDefinition> = {
  generation: true,
  validate,
  columns: [created]
}
