/** Servers that a benchmark starts as children, each in a folder of its own, and ended with the scope. */
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { openSync } from "node:fs"
import http, { type IncomingMessage } from "node:http"
import https from "node:https"
import * as Delayed from "./Delayed.ts"

export interface Server {
  readonly name: string
  readonly directory: string
  readonly command: ReadonlyArray<string>
  /** Answers with 200 when it serves. */
  readonly health: string
  /** Milliseconds by which each flush to its disk is held back. */
  readonly delay: number
}

export const journalOf = ({ directory, name }: Pick<Server, "directory" | "name">) => `${directory}/${name}.strace`

/** It is ended as a whole group: strace and what runs under it. Gives its process. */
export const start = ({ command, delay, directory, name }: Server) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const [file = "", ...args] = Delayed.under(delay, journalOf({ directory, name }), command)
      const log = openSync(`${directory}/${name}.log`, "a")
      const child = spawn(file, args, { stdio: ["ignore", log, log], detached: true })
      return { child, ended: new Promise<void>((resolve) => child.on("exit", () => resolve())) }
    }),
    ({ child, ended }) =>
      Effect.promise(() => {
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
          process.kill(-child.pid, "SIGKILL")
        return ended
      })
  ).pipe(Effect.map(({ child }) => child.pid ?? 0))

const get = (url: string, tls: https.RequestOptions | undefined) =>
  Effect.tryPromise(
    () =>
      new Promise<number>((resolve, reject) => {
        const answered = ({ statusCode = 0 }: IncomingMessage) => resolve(statusCode)
        const request = tls === undefined ? http.get(url, answered) : https.get(url, tls, answered)
        request.on("error", reject).setTimeout(2000, () => request.destroy())
      })
  )

/** Waits until it serves. `tls` is how one speaks to it, if one does. */
export const healthy = ({ directory, health, name }: Server, tls?: https.RequestOptions) =>
  get(health, tls).pipe(
    Effect.flatMap((status) => (status === 200 ? Effect.void : Effect.fail(new Error(`${status}`)))),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("60 seconds"),
    Effect.mapError(() => new Error(`${name} does not get healthy: see ${directory}/${name}.log`))
  )

/** Starts several, and waits until each says that it is healthy. Gives their process ids. */
export const startAll = Effect.fnUntraced(function* (servers: ReadonlyArray<Server>) {
  const pids = yield* Effect.forEach(servers, start)
  yield* Effect.forEach(servers, (server) => healthy(server), { discard: true })
  return pids
})
