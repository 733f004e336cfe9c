/** Packages of somebody else's: whatever lies in a directory with a keelson.json, at the isolation that it asks for. */
import { isolations } from "../../kernel/plugin/Plugin.ts"
import type { Adapter, Site } from "../Adapter.ts"
import * as Package from "../stage/Package.ts"
import * as Suites from "../stage/Suites.ts"

const kit =
  (key: string) =>
  ({ given }: Site) =>
    Package.checked(
      given["plugin"] ?? "",
      isolations.find((one) => one === given["isolation"]),
      key
    )

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "package",
    title: "a package",
    isAlone: false,
    isElsewhere: true,
    isPackage: true,
    lacks: () => [],
    kits: Object.fromEntries(Suites.all.map(({ contract: { key } }) => [Suites.nameOf(key), kit(key)]))
  }
]
