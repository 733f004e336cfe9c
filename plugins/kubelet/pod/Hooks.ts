/** What containers want done after their start and before their end. */
import { Effect } from "effect"
import type { LifecycleHandler } from "../../resources/contracts/core/v1.ts"
import * as Check from "../probes/Check.ts"

/** No command of a hook runs longer than this; what it is part of may set less. */
const limitSeconds = 24 * 60 * 60

export const run = (handler: LifecycleHandler, target: Check.Target, seconds = limitSeconds) => {
  const { exec, httpGet, sleep, tcpSocket } = handler
  if (exec) return Check.exec(target.id, exec.command ?? [], Math.max(1, seconds))
  if (httpGet) return Check.httpGet(httpGet, target)
  if (sleep) return Effect.sleep(`${sleep.seconds} seconds`)
  if (tcpSocket) return Check.tcp(tcpSocket.host || target.address, Check.portOf(target.container, tcpSocket.port))
  return Effect.void
}
