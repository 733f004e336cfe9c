/** The data planes that there are, by the names that upstream's kube-proxy calls its modes. */
import { Effect, Layer, Schema } from "effect"
import type * as Command from "./Command.ts"
import * as Held from "./Held.ts"
import * as Iptables from "./iptables/Iptables.ts"
import * as Nftables from "./nftables/Nftables.ts"
import type { PlaneOptions } from "./Options.ts"

const planes = { nftables: Nftables, iptables: Iptables } as const
export type Mode = keyof typeof planes
export const modes = Object.keys(planes) as ReadonlyArray<Mode>

export class UnknownMode extends Schema.TaggedError<UnknownMode>()("UnknownMode", {
  mode: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the service proxy has no mode ${this.mode}: ${this.reason}; choose ${modes.join(" or ")}`
  }
}

const isMode = (mode: string): mode is Mode => mode in planes

/** Whether there is such a mode; if not, why. */
export const parse = Effect.fnUntraced(function* ({ run }: Command.Node, mode: string) {
  if (isMode(mode)) return mode
  if (mode !== "ipvs") return yield* new UnknownMode({ mode, reason: "nobody has written it" })
  yield* Effect.ignore(run(["modprobe", "ip_vs"]))
  const has = yield* Effect.isSuccess(run(["test", "-e", "/proc/net/ip_vs"]))
  const reason = has ? "this kernel has IPVS, but nobody has written it" : "this kernel has no IPVS"
  return yield* new UnknownMode({ mode, reason })
})

/** The `ServiceProxy` of a mode. */
export const layer = (node: Command.Node, mode: string, options: PlaneOptions) =>
  Layer.unwrap(Effect.map(parse(node, mode), (known) => planes[known].layer(node, options)))

/**
 * Takes back what proxies of other modes have left on the node that were killed; those that run here are left alone. Without a mode:
 * what any have left.
 */
export const removeLeftovers = Effect.fnUntraced(function* (node: Command.Node, mode?: string) {
  for (const other of modes) {
    if (other === mode || Held.isHeld(`${node.name} ${other}`)) continue
    yield* Effect.ignore(planes[other].remove(node))
  }
})
