/** Packages of somebody else's: whatever lies in a directory with a keelson.json, at the isolation that it asks for. */
import { isolations } from "../../kernel/plugin/Plugin.ts"
import type { Adapter, Site } from "../Adapter.ts"
import * as CloudSuites from "../stage/CloudSuites.ts"
import * as NodeSuites from "../stage/NodeSuites.ts"
import * as Package from "../stage/Package.ts"
import * as Suites from "../stage/Suites.ts"

const kit =
  (keys: ReadonlyArray<string>) =>
  ({ given }: Site) =>
    Package.checked(
      given["plugin"] ?? "",
      isolations.find((one) => one === given["isolation"]),
      keys
    )

/** What is checked together is asked for by any of its contracts. */
const named = (all: ReadonlyArray<ReadonlyArray<string>>) =>
  Object.fromEntries(all.flatMap((keys) => keys.map((key) => [Suites.nameOf(key), kit(keys)] as const)))

const common = { title: "a package", isElsewhere: true, isPackage: true, lacks: () => [] }

export const adapters: ReadonlyArray<Adapter> = [
  {
    ...common,
    name: "package",
    isAlone: false,
    kits: { ...named([...Suites.all.map(({ contract: { key } }) => [key]), CloudSuites.keys]), cloud: kit(CloudSuites.keys) }
  },
  { ...common, name: "package-of-node", isAlone: true, kits: named(NodeSuites.all.map(({ contracts }) => contracts)) }
]
