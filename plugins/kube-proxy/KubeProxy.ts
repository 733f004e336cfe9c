/**
 * Services on a node: the controller, the data plane of the mode that was chosen, and what tells of them. Starting one under the
 * name of another swaps them without a gap: the new one has programmed all before the old one takes back what it made.
 */
import { Effect, Layer } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Command from "./Command.ts"
import * as Controller from "./Controller.ts"
import * as DataPlane from "./DataPlane.ts"
import * as Health from "./Health.ts"
import * as Http from "./Http.ts"
import * as Modes from "./Modes.ts"
import type { PlaneOptions } from "./Options.ts"

export interface Options extends PlaneOptions {
  readonly nodeName: string
  /** How: `nftables` (default) or `iptables`. */
  readonly mode?: string
  /** Where `/healthz` and `/livez` are answered, 10256 if absent; 0: nowhere. */
  readonly healthzPort?: number
  /** Where `/metrics` is answered on loopback, 10249 if absent; 0: nowhere. */
  readonly metricsPort?: number
  /** What stands before every command, if the node's network is not this process's: `["nsenter", "--net=/run/netns/n1"]`. */
  readonly within?: ReadonlyArray<string>
}

const ports = { healthz: 10_256, metrics: 10_249 }

/** The controller, on whatever data plane: the layer is built when all Services are programmed. */
export const controller = ({ healthzPort = ports.healthz, metricsPort = ports.metrics, nodeName }: Options) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const checks = yield* Health.services
      const running = yield* Controller.start(nodeName, checks.update)
      checks.watch(running)
      const answer = Health.overall(running)
      if (healthzPort !== 0) yield* Http.serve(healthzPort, undefined, answer)
      if (metricsPort !== 0) yield* Http.serve(metricsPort, "127.0.0.1", answer)
    })
  )

/** A data plane of ours alone, under somebody else's controller, who says when what it has programmed shall go. */
export const plane = ({ mode = "nftables", within, ...options }: Omit<Options, "nodeName" | "keep">) =>
  Modes.layer(Command.within(within), mode, { ...options, keep: true })

/** The controller on a data plane of somebody else's; the kernel is set up for it as for ours. */
export const under = (options: Options) => {
  const node = Command.within(options.within)
  const set = Effect.flatMap(DataPlane.familiesOf(node), (families) => DataPlane.settings(node, families, options.podCidr))
  return Layer.merge(controller(options), Layer.effectDiscard(set))
}

export const layer = (options: Options) => {
  const { mode = "nftables", within } = options
  const node = Command.within(within)
  const leftovers = Layer.effectDiscard(Modes.removeLeftovers(node, mode))
  // In this order: what others have left goes when this one stands.
  return leftovers.pipe(Layer.provideMerge(controller(options)), Layer.provide(Modes.layer(node, mode, options)))
}

export const plugin = (options: Options) => Plugin.make({ name: "kube-proxy", layer: layer(options) })
