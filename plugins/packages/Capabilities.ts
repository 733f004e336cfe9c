/** What a package wants to be switched on in the cluster: versions of its API, of its own kinds and of those that somebody brings. */
import { Effect } from "effect"
import type { Kinds } from "../../kernel/resource/Kinds.ts"
import type { Manifest } from "./contracts/Manifest.ts"
import { PackageInvalid } from "./PackageInvalid.ts"

const nameOf = ({ group, version }: { readonly group: string; readonly version: string }) =>
  group === "" ? version : `${group}/${version}`

export const check = ({ capabilities = [], name }: Manifest, kinds: Kinds["Service"]) => {
  const served = new Set(kinds.all().flatMap(({ kind }) => kind.versions.filter((one) => one.served !== false).map(nameOf)))
  const missing = capabilities.filter((one) => !served.has(one))
  return missing.length === 0
    ? Effect.void
    : Effect.fail(
        new PackageInvalid({ message: `${name} wants the cluster to serve ${missing.join(", ")}, which it does not` })
      )
}
