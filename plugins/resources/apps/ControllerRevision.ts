/** ControllerRevisions: what a workload was, which does not change. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { none, text } from "../Columns.ts"
import type { ControllerRevision } from "../contracts/apps/v1.ts"
import { same } from "./Workloads.ts"

const ownerOf = (revision: ControllerRevision) => {
  const owner = Kind.controllerOf(revision)
  if (owner === undefined) return none
  const [group = ""] = owner.apiVersion.includes("/") ? owner.apiVersion.split("/") : []
  return `${owner.kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${owner.name}`
}

export const strategy: Strategy<ControllerRevision> = {
  validate: ({ data }) => (data === undefined || data === null ? [Causes.required("data", "data is mandatory")] : []),
  validateUpdate: ({ data }, { data: old }) => (same(data, old) ? [] : [Causes.immutable("data", data)]),
  columns: [
    text("Controller", "What it is a revision of.", ownerOf),
    text("Revision", "Its number.", ({ revision }) => revision)
  ]
}
