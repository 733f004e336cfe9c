/**
 * `NetworkConfiguration` for a network that is written here: runtimes that call CNI get a list with one program, which asks the agent.
 */
import { Effect, Scope } from "effect"
import { existsSync } from "node:fs"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as AgentProgram from "./AgentProgram.ts"
import * as AgentSocket from "./AgentSocket.ts"
import * as Cni from "./Cni.ts"
import * as Conflist from "./Conflist.ts"
import * as Folders from "./Folders.ts"
import { network } from "./Local.ts"

export interface Options {
  /** Of the node: the same for all its networks. */
  readonly directory: string
  /** Where CNI's programs lie. */
  readonly programs?: ReadonlyArray<string>
}

/** What a network does when the node's ranges are known, and when nobody is configured for it any more. */
export interface Hooks {
  /** What of CNI's capabilities it takes. */
  readonly capabilities: { readonly [name: string]: boolean }
  readonly write: (write: Conflist.Write) => Effect.Effect<void, Unavailable>
  readonly remove: Effect.Effect<void, Unavailable>
}

export const programsOf = ({ programs }: Pick<Options, "programs">) => Cni.programsOf(programs)

export const capabilities = { portMappings: true, bandwidth: true }
/** A network that has its ranges from elsewhere. */
const plain: Hooks = { capabilities, write: () => Effect.void, remove: Effect.void }

/** `runtime`: by which it is told apart whose attachments are whose. The ranges are for who reads it. */
export const list = (
  socket: string,
  runtime: string,
  ranges: ReadonlyArray<string>,
  capabilities: Hooks["capabilities"]
): Cni.NetworkList => ({
  cniVersion: "0.4.0",
  cniVersions: ["0.4.0", "1.0.0", "1.1.0"],
  name: network,
  // What runtimes have cached is the machine's, not theirs.
  disableGC: true,
  plugins: [{ type: AgentProgram.type, socket, runtime, ranges, capabilities }]
})

export const make = Effect.fnUntraced(function* (
  options: Options,
  attachment: NetworkAttachment["Service"],
  hooks: Hooks = plain
) {
  const { directory } = options
  const socket = AgentSocket.pathIn(directory)
  const attempt = <A>(run: () => A) =>
    Effect.try({
      try: run,
      catch: (cause) => new Unavailable({ contract: NetworkConfiguration.key, applied: "unknown", cause })
    })
  const scope = yield* Effect.scope
  const serve = Scope.provide(AgentSocket.serve(socket, attachment), scope)
  yield* attempt(() => AgentProgram.folder(directory, programsOf(options)))
  yield* serve

  return NetworkConfiguration.of({
    write: Effect.fn("agent.write")(function* (write) {
      yield* attempt(() => AgentProgram.folder(directory, programsOf(options)))
      // It went with all the rest if the configuration was removed before.
      if (!existsSync(socket)) yield* serve
      yield* hooks.write(write)
      yield* attempt(() =>
        Folders.write(
          directory,
          write.folder,
          Conflist.textOf(list(socket, write.folder, write.podCidrs, hooks.capabilities))
        )
      )
    }),
    remove: Effect.fn("agent.remove")(function* ({ folder }) {
      const isLast = yield* attempt(() => Folders.remove(directory, folder))
      if (isLast) yield* hooks.remove
    })
  })
})
