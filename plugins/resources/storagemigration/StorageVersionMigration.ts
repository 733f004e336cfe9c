/** Asks that all objects of a resource are written anew, in the version in which they are stored now. Source: KEP-4192. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { text } from "../Columns.ts"
import type { StorageVersionMigration } from "../contracts/storagemigration/v1beta1.ts"

const field = "spec.resource"

const validate = ({ spec }: StorageVersionMigration): Causes.Causes => {
  const { group = "", resource = "" } = spec?.resource ?? {}
  return [
    ...(resource === ""
      ? [Causes.required(`${field}.resource`, "resource is required to be set")]
      : Causes.broken(`${field}.resource`, resource, Names.dns1035Label(resource))),
    ...(group === "" ? [] : Causes.broken(`${field}.group`, group, Names.dns1123Subdomain(group)))
  ]
}

const is = ({ status }: StorageVersionMigration, type: string) =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === "True")

const stateOf = (one: StorageVersionMigration) =>
  (one.status?.conditions ?? []).findLast(({ status }) => status === "True")?.type ?? "Unknown"

const refused = ({ status }: StorageVersionMigration, detail: string) =>
  Causes.invalid("status.conditions", status?.conditions, detail)

export const strategy: Strategy<StorageVersionMigration> = {
  generation: false,
  isConditional: true,
  validate,
  validateUpdate: ({ spec }, { spec: old }) => when(!same(spec, old), () => Causes.immutable("spec", spec)),
  validateStatus: (now, old) => [
    ...when(old.status?.resourceVersion !== undefined && old.status.resourceVersion !== now.status?.resourceVersion, () =>
      Causes.immutable("status.resourceVersion", now.status?.resourceVersion)
    ),
    ...when(is(now, "Succeeded") && is(now, "Failed"), () =>
      refused(now, "Both success and failed conditions cannot be true at the same time")
    ),
    ...when(is(old, "Succeeded") && !is(now, "Succeeded"), () =>
      refused(now, "Success condition cannot be set to false once it is true")
    ),
    ...when(is(old, "Failed") && !is(now, "Failed"), () =>
      refused(now, "Failed condition cannot be set to false once it is true")
    )
  ],
  onlyColumns: true,
  columns: [
    text("Resource", "Of which objects.", ({ spec }) =>
      [spec?.resource.resource, spec?.resource.group].filter((part) => part).join(".")
    ),
    text("Status", "How far it is.", stateOf)
  ]
}
