/** Whether somebody listens at a socket of this machine, so that nobody takes its path from him. */
import { Effect } from "effect"
import { connect } from "node:net"

export const isLive = (path: string) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(path)
    const told = (isThere: boolean) => {
      socket.destroy()
      resume(Effect.succeed(isThere))
    }
    socket.once("connect", () => told(true))
    socket.once("error", () => told(false))
    return Effect.sync(() => socket.destroy())
  })
