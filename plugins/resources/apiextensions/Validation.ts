/** What is wrong with a definition of custom resources. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import type { CustomResourceDefinition as Crd } from "../contracts/apiextensions/v1.ts"
import { oneOf } from "../../../kernel/resource/Rules.ts"

export const validate = ({ metadata, spec: { group, names, scope, versions } }: Crd): Causes.Causes => [
  ...(metadata.name === `${names.plural}.${group}`
    ? []
    : [Causes.invalid("metadata.name", metadata.name, `must be spec.names.plural+"."+spec.group`)]),
  ...oneOf("spec.scope", scope, ["Cluster", "Namespaced"]),
  ...(versions.filter(({ storage }) => storage).length === 1
    ? []
    : [Causes.invalid("spec.versions", versions.length, "must have exactly one version marked as storage version")])
]

export const validateUpdate = (_crd: Crd, _old: Crd): Causes.Causes => []
