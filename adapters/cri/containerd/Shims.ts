/** The processes that watch over containers. One of a Pod that was being started when the daemon was killed is known to nobody. */
import { Effect } from "effect"
import { Cri } from "../Cri.ts"
import * as Daemon from "../Daemon.ts"
import * as Replies from "../Replies.ts"

export const isShim = (socket: string) => (command: string) =>
  command.includes("containerd-shim") && command.includes(socket)

const idOf = (command: string) => / -id (\S+)/.exec(command)?.[1]

/** Ends those that this daemon has not started and whose Pods it does not know. What it knows it tells as soon as it answers. */
export const endStrays = Effect.fn("Shims.endStrays")(function* (daemon: Daemon.Daemon, socket: string) {
  const cri = yield* Cri
  const { items } = yield* cri.call("ListPodSandbox", Replies.ListPodSandbox, {})
  const { containers } = yield* cri.call("ListContainers", Replies.ListContainers, {})
  const known = new Set([...items, ...containers].map(({ id }) => id))
  const ended = yield* Daemon.endOlder(daemon, (command) => {
    const id = isShim(socket)(command) ? idOf(command) : undefined
    return id !== undefined && !known.has(id)
  })
  if (ended > 0) yield* Effect.logWarning("ended shims whose Pods nobody knows").pipe(Effect.annotateLogs({ ended }))
})
