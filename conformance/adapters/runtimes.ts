/** What container runtimes share: the image of the checks, a bridge, and the suites of all their powers. */
import { Effect, Layer } from "effect"
import type { Powers } from "../../plugins/kubelet/contracts/Powers.ts"
import { type Adapter, checked, kit, type Site } from "../Adapter.ts"
import * as ContainerRuntime from "../ContainerRuntime.ts"
import * as Events from "../Events.ts"
import * as Exec from "../Exec.ts"
import * as Images from "../Images.ts"
import * as Logs from "../Logs.ts"
import * as Stats from "../Stats.ts"
import * as Machine from "../stage/Machine.ts"

export const suites = [
  checked(ContainerRuntime.suite),
  checked(Events.suite),
  checked(Images.suite),
  checked(Exec.suite),
  checked(Logs.suite),
  checked(Stats.suite)
]

export interface Runtime extends Pick<Adapter, "name" | "title" | "lacks"> {
  /** Its own, in a folder, all of it gone at the end; or the one that answers at the site's endpoint. */
  readonly layer: (site: Site) => Layer.Layer<Powers, unknown>
  readonly importImage: (site: Site, archive: Uint8Array) => Effect.Effect<void, unknown>
  /** Where it looks for the configuration of CNI. Absent: it is given its network. */
  readonly cni?: (site: Site) => string
  readonly endpoint?: NonNullable<Adapter["endpoint"]>
}

export const make = ({ cni, endpoint, importImage, lacks, layer, name, title }: Runtime): Adapter => ({
  name,
  title,
  isAlone: true,
  lacks: () => [...Machine.network(), ...lacks()],
  ...(endpoint !== undefined && { endpoint }),
  kits: {
    "container-runtime": (site) => {
      const image = Effect.flatMap(Machine.busybox, (archive) => importImage(site, archive))
      const folder = cni?.(site)
      const whole =
        site.endpoint !== undefined || folder === undefined
          ? layer(site)
          : Layer.provide(layer(site), Machine.bridged(site.directory, folder))
      return kit(whole, image, ...suites)
    }
  }
})

export const socket = { words: "unix:///path/of/the.sock", pattern: /^unix:\/\/\// }
export const pathOf = (endpoint: string) => endpoint.slice("unix://".length)
