/** All adapters that there is a kit for. A new one is a file beside this one, and a line here. */
import type { Adapter, Site, Told } from "../Adapter.ts"
import type { Effect } from "effect"
import * as Apis from "./apis.ts"
import * as Aws from "./aws.ts"
import * as Azure from "./azure.ts"
import * as Clouds from "./clouds.ts"
import * as Containerd from "./containerd.ts"
import * as Crio from "./crio.ts"
import * as Devices from "./devices.ts"
import * as Docker from "./docker.ts"
import * as Ecs from "./ecs.ts"
import * as Gcp from "./gcp.ts"
import * as Ingress from "./ingress.ts"
import * as Memory from "./memory.ts"
import * as Names from "./names.ts"
import * as Networks from "./networks.ts"
import * as Packages from "./packages.ts"
import * as Podman from "./podman.ts"
import * as Proxies from "./proxies.ts"
import * as Stores from "./stores.ts"
import * as Wire from "./wire.ts"

export const all: ReadonlyArray<Adapter> = [
  ...Memory.adapters,
  ...Stores.adapters,
  ...Apis.adapters,
  ...Containerd.adapters,
  ...Crio.adapters,
  ...Podman.adapters,
  ...Docker.adapters,
  ...Wire.adapters,
  ...Devices.adapters,
  ...Networks.adapters,
  ...Proxies.adapters,
  ...Names.adapters,
  ...Packages.adapters,
  ...Ingress.adapters,
  ...Clouds.adapters,
  ...Aws.adapters,
  ...Ecs.adapters,
  ...Gcp.adapters,
  ...Azure.adapters
]

type Kit = (site: Site) => Effect.Effect<void, unknown, Told>
const kitOf = ({ kits }: Adapter, contract: string): Kit | undefined => new Map(Object.entries(kits)).get(contract)

export const of = (contract: string) => all.filter((one) => kitOf(one, contract) !== undefined)

export const find = (contract: string, name: string): Kit | undefined =>
  all.flatMap((one) => (one.name === name ? [kitOf(one, contract)] : [])).find((kit) => kit !== undefined)
