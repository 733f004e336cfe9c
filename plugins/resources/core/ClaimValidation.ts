/** What is wrong with what a claim asks for: of PersistentVolumeClaims, and of templates of them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { allRequired, enumerated, inside, namedIfGiven, when } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import { same } from "../apps/Workloads.ts"
import type { PersistentVolumeClaimSpec } from "../contracts/core/v1.ts"

export const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
export const volumeModes = ["Block", "Filesystem"]

export const validateModes = (modes: ReadonlyArray<string> = [], field: string, detail: string): Causes.Causes => [
  ...when(modes.length === 0, () => Causes.required(field, detail)),
  ...modes.flatMap((mode) => enumerated(field, mode, accessModes)),
  ...when(
    modes.includes("ReadWriteOncePod") && modes.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(mode)),
    () => Causes.forbidden(field, "may not use ReadWriteOncePod with other access modes")
  )
]

export const validateStorage = (amount: string, field: string): Causes.Causes =>
  when(Quantity.of(amount).nanos <= 0n, () => Causes.invalid(field, amount, "must be greater than zero"))

interface Source {
  readonly apiGroup?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

const validateSource = ({ apiGroup = "", kind, name, namespace }: Source, field: string): Causes.Causes => [
  ...allRequired(field, { name, kind }),
  ...when(apiGroup === "" && kind !== "PersistentVolumeClaim", () =>
    Causes.invalid(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
  ),
  ...namedIfGiven(`${field}.apiGroup`, apiGroup, Names.dns1123Subdomain),
  ...namedIfGiven(`${field}.namespace`, namespace, Names.dns1123Label)
]

export const validateClaimSpec = (spec: PersistentVolumeClaimSpec, field: string): Causes.Causes => {
  const { accessModes: modes, dataSource, dataSourceRef, resources, selector, storageClassName, volumeMode } = spec
  const amount = resources.requests?.["storage"]
  const at = `${field}.resources[storage]`
  return [
    ...validateModes(modes, `${field}.accessModes`, "at least 1 access mode is required"),
    ...inside(selector, (one) => Selector.validate(one, `${field}.selector`)),
    ...(amount === undefined ? [Causes.required(at)] : validateStorage(amount, at)),
    ...namedIfGiven(`${field}.storageClassName`, storageClassName, Names.dns1123Subdomain),
    ...enumerated(`${field}.volumeMode`, volumeMode, volumeModes),
    ...inside(dataSource, (source) => validateSource(source, `${field}.dataSource`)),
    ...inside(dataSourceRef, (source) => validateSource(source, `${field}.dataSourceRef`)),
    ...when(dataSource !== undefined && dataSourceRef !== undefined && !same(dataSource, dataSourceRef), () =>
      Causes.invalid(field, {}, "must match dataSourceRef")
    ),
    ...namedIfGiven(`${field}.volumeAttributesClassName`, spec.volumeAttributesClassName, Names.dns1123Subdomain)
  ]
}
