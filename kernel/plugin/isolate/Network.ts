/**
 * The addresses that a sandbox is granted. It has a network of its own with nothing in it; each granted host leads to its own
 * loopback, where the guest's program takes connections and hands them to a socket of the host's process, which connects to
 * what was granted and to nothing else. So programs need not know of it, and certificates are those of the far end.
 */
import { Effect } from "effect"
import { chmodSync, chownSync, mkdirSync } from "node:fs"
import * as Net from "node:net"
import { join } from "node:path"
import type { Host } from "./Jail.ts"
import { IsolateFailed } from "./Protocol.ts"

export interface Grant extends Host {
  readonly port: number
}

/** Where the sandbox finds the socket. */
export const folder = "/run/keelson"
const socketName = "network.sock"
export const socket = join(folder, socketName)
export const variable = "KEELSON_NETWORK"

/** `name:port`, `10.0.0.1:53`, `[fd00::1]:53`. Names get addresses of the loopback in their order. */
export const parse = (plugin: string, granted: ReadonlyArray<string>) => {
  const names = [...new Set(granted.map((one) => one.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")))]
  return Effect.forEach(granted, (one) => {
    const [, host = "", digits = ""] = /^\[?([^[\]]+?)\]?:(\d+)$/.exec(one) ?? []
    const port = Number(digits)
    if (host === "" || port < 1 || port > 65535) {
      return Effect.fail(new IsolateFailed({ plugin, reason: `the network grant ${one} is no host:port` }))
    }
    const index = names.indexOf(host)
    const address = Net.isIP(host) === 0 ? `127.1.${index >> 8}.${(index & 255) + 1}` : host
    return Effect.succeed<Grant>({ name: host, address, port })
  })
}

const splice = (one: Net.Socket, other: Net.Socket) => {
  one.pipe(other).pipe(one)
  one.on("error", () => other.destroy()).on("close", () => other.destroy())
  other.on("error", () => one.destroy()).on("close", () => one.destroy())
}

/** The host's side, in a folder that the sandbox is given. The first byte of a connection says which grant it is about. */
export const serve = Effect.fnUntraced(function* (grants: ReadonlyArray<Grant>, at: string, owner: number | undefined) {
  const server = Net.createServer((socket) => {
    socket.on("error", () => socket.destroy())
    socket.once("readable", () => {
      const head: unknown = socket.read(1)
      const grant = Buffer.isBuffer(head) ? grants[head[0] ?? grants.length] : undefined
      if (grant === undefined) socket.destroy()
      else splice(socket, Net.connect(grant.port, grant.name))
    })
  })
  const path = join(at, socketName)
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      mkdirSync(at, { mode: 0o700, recursive: true })
      server.listen(path, () => resume(Effect.void))
    }),
    () => Effect.sync(() => server.close())
  )
  chmodSync(path, 0o600)
  if (owner !== undefined) for (const one of [at, path]) chownSync(one, owner, owner)
})

/** The guest's side: done when every granted address takes connections. */
export const relay = (grants: ReadonlyArray<Grant>) =>
  Promise.all(
    grants.map(({ address, port }, index) => {
      const server = Net.createServer((taken) => {
        const out = Net.connect(socket)
        out.write(Buffer.of(index))
        splice(taken, out)
      })
      return new Promise<void>((resolve, reject) => {
        server.once("error", reject)
        server.listen(port, address, resolve).unref()
      })
    })
  )
