/** A second machine beside the first, with a link between them, so that each is the other's neighbour. */
import { Context, Effect, Layer } from "effect"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

const link = "join0"
const ip = (...args: ReadonlyArray<string>) => Machine.output("ip", args)

export const make = Effect.gen(function* () {
  const near = yield* Site.Site
  const site = Context.get(yield* Layer.build(Layer.fresh(Site.layer)), Site.Site)
  yield* ip("-n", near.name, "link", "add", link, "type", "veth", "peer", "name", link, "netns", site.name)
  const cut = Effect.asVoid(Machine.run("ip", ["-n", near.name, "link", "delete", link]))
  yield* Effect.addFinalizer(() => cut)
  for (const [machine, peer] of [
    [near, site],
    [site, near]
  ] as const) {
    yield* ip("-n", machine.name, "link", "set", link, "up")
    // A link without an address is given any other by who masquerades.
    yield* ip("-n", machine.name, "address", "add", `${machine.address}/32`, "dev", link)
    yield* ip("-n", machine.name, "route", "add", `${peer.address}/32`, "dev", link, "src", machine.address)
  }
  return { site, cut }
})
