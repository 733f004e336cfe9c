/** How an author makes volumes: what every driver does; what some do besides, such as attaching, is left out where it is not needed. */
import { Effect, Layer } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { type About, VolumeRefused, Volumes } from "./Volumes.ts"

type Service = Volumes["Service"]
type Needed = "provision" | "delete" | "publish" | "unpublish"

export interface Driver extends Pick<Service, Needed>, Partial<Omit<Service, Needed | "describe">> {
  readonly name: string
  readonly version: string
  /** As StorageClasses name it: a DNS subdomain. */
  readonly driver: string
  readonly node: About["node"]
  readonly block?: boolean
}

/** `isFinal`: nothing was made, and nothing is under way. */
export const refused = (code: string, message: string) => new VolumeRefused({ code, message, isFinal: true })

export const service = (given: Omit<Driver, "name">): Service => {
  const { block = false, driver, node, version, ...methods } = given
  const unneeded = (what: string) => () => Effect.fail(refused("UNIMPLEMENTED", `${driver}: ${what} is not needed`))
  const can = {
    provision: true,
    attach: methods.attach !== undefined,
    stage: methods.stage !== undefined,
    expand: methods.expand !== undefined,
    expandOnNode: methods.expandOnNode !== undefined,
    capacity: methods.capacity !== undefined,
    stats: methods.stats !== undefined,
    block
  }
  return {
    describe: () => Effect.succeed({ driver, version, node, can }),
    attach: unneeded("attaching"),
    detach: unneeded("detaching"),
    stage: unneeded("staging"),
    unstage: unneeded("staging"),
    expand: unneeded("expanding"),
    expandOnNode: unneeded("expanding on the node"),
    capacity: unneeded("capacity"),
    stats: unneeded("stats"),
    ...methods
  }
}

export const make = ({ name, ...driver }: Driver) =>
  Plugin.make({ name, offers: [Volumes], layer: Layer.sync(Volumes, () => Volumes.of(service(driver))) })
