/**
 * Servers agree on roll-backs: whichever rolls a package back says in its status from what, and all others go back too, also those that
 * start later, until the object or its configuration wishes for something else.
 */
import { createHash } from "node:crypto"
import { withCondition } from "../controllers/contracts/Statuses.ts"
import type { Plugin, PluginConfiguration, PluginSpec, PluginStatus } from "./contracts/v1alpha1.ts"

/** What an object and its configuration ask for; the same again is nothing to do. */
export const wishOf = (spec: PluginSpec, configuration: PluginConfiguration | undefined) =>
  `sha256:${createHash("sha256")
    .update(JSON.stringify([spec, configuration?.spec]))
    .digest("hex")}`

const isRolledBack = ({ type }: { readonly type: string }) => type === "RolledBack"

export const isBack = ({ conditions = [] }: PluginStatus) =>
  conditions.some((one) => isRolledBack(one) && one.status === "True")

/** What is to run in the place of what is wished for, if that was rolled back from anywhere. */
export const returnTo = ({ status: { conditions = [], history = [], rolledBackFrom } }: Plugin, wish: string) => {
  const [last] = history
  // What was served by another machine has no files here to go back to.
  if (rolledBackFrom !== wish || last === undefined || !last.path.startsWith("/")) return undefined
  const source = { path: last.path, digest: last.digest }
  return { source, reason: conditions.find(isRolledBack)?.message ?? "it has died" }
}

/** As the status says it. */
export const told = (
  status: PluginStatus,
  back: { readonly wish: string; readonly reason: string } | undefined,
  now: string
): Pick<PluginStatus, "conditions" | "rolledBackFrom"> => ({
  conditions: withCondition(
    status.conditions,
    back === undefined
      ? { type: "RolledBack", status: "False", reason: "AsWanted" }
      : { type: "RolledBack", status: "True", reason: "Died", message: back.reason },
    now
  ),
  ...(back !== undefined && { rolledBackFrom: back.wish })
})
