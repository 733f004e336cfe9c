/**
 * Brings a network that is written in TypeScript to runtimes that call CNI: it needs a `NetworkAttachment` and offers the
 * `NetworkConfiguration` by which containerd and CRI-O ask for it.
 */
import { Effect, Layer } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { NetworkAttachment } from "../../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as AgentConfiguration from "../AgentConfiguration.ts"
import * as AgentProgram from "../AgentProgram.ts"

export type Options = AgentConfiguration.Options

/**
 * The folder that a runtime is given to look for CNI's programs in: the machine's, and the one that asks the agent. A runtime that
 * is given it need not be started again when another network becomes the node's.
 */
export const programs = (options: Options) =>
  Effect.sync(() => AgentProgram.folder(options.directory, AgentConfiguration.programsOf(options)))

export const layer = (options: Options) =>
  Layer.effect(
    NetworkConfiguration,
    Effect.flatMap(NetworkAttachment, (attachment) => AgentConfiguration.make(options, attachment))
  )

export const plugin = (options: Options) =>
  Plugin.make({ name: "cni-agent", offers: [NetworkConfiguration], layer: layer(options) })
