/**
 * `NetworkConfiguration` for a network that is written here: runtimes that call CNI get a list with one program, which asks the agent.
 */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as AgentProgram from "./AgentProgram.ts"
import * as AgentSocket from "./AgentSocket.ts"
import type { NetworkList } from "./Cni.ts"
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
  readonly write: (write: Conflist.Write) => Effect.Effect<void, Unavailable>
  readonly remove: Effect.Effect<void, Unavailable>
}

const standard = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"]
export const programsOf = ({ programs }: Pick<Options, "programs">) =>
  programs ?? standard.filter((folder) => existsSync(join(folder, "bridge")))

/** `runtime`: by which it is told apart whose attachments are whose. The ranges are for who reads it. */
export const list = (socket: string, runtime: string, ranges: ReadonlyArray<string>): NetworkList => ({
  cniVersion: "0.4.0",
  cniVersions: ["0.4.0", "1.0.0", "1.1.0"],
  name: network,
  // What runtimes have cached is the machine's, not theirs.
  disableGC: true,
  plugins: [{ type: AgentProgram.type, socket, runtime, ranges, capabilities: { portMappings: true, bandwidth: true } }]
})

export const make = Effect.fnUntraced(function* (
  options: Options,
  attachment: NetworkAttachment["Service"],
  hooks: Hooks = { write: () => Effect.void, remove: Effect.void }
) {
  const { directory } = options
  const socket = AgentSocket.pathIn(directory)
  const attempt = <A>(run: () => A) =>
    Effect.try({
      try: run,
      catch: (cause) => new Unavailable({ contract: NetworkConfiguration.key, applied: "unknown", cause })
    })
  yield* attempt(() => AgentProgram.folder(directory, programsOf(options)))
  yield* AgentSocket.serve(socket, attachment)

  return NetworkConfiguration.of({
    write: Effect.fn("agent.write")(function* (write) {
      yield* attempt(() => AgentProgram.folder(directory, programsOf(options)))
      yield* hooks.write(write)
      yield* attempt(() =>
        Folders.write(directory, write.folder, Conflist.textOf(list(socket, write.folder, write.podCidrs)))
      )
    }),
    remove: Effect.fn("agent.remove")(function* ({ folder }) {
      const isLast = yield* attempt(() => Folders.remove(directory, folder))
      if (isLast) yield* hooks.remove
    })
  })
})
