/**
 * A guest on another machine, over TLS at both ends of which a certificate says who is there. There, `serve` runs one module and
 * no other: what a host says of modules is not heard. Every connection is a guest of its own, in a process that ends with it, or
 * a question about the module, as the protocol says that TLS agrees on (ALPN).
 */
import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"
import { type AddressInfo, isIP, type Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Tls from "node:tls"
import * as Frames from "../Frames.ts"
import * as Process from "./Process.ts"
import { IsolateFailed } from "./Protocol.ts"
import { Main, type Open, type RemoteTls, type Settings } from "./Settings.ts"

export const limits: Frames.Limits = { largest: 256 * 1024 ** 2, unread: 256 * 1024 ** 2 }
export const version = "TLSv1.3"

const guests = "keelson-guest"
const questions = "keelson-about"

const connected = Effect.fnUntraced(function* (name: string, remote: RemoteTls, protocol: string) {
  const failed = (reason: string) => new IsolateFailed({ plugin: name, reason })
  const { ca, cert, host, key, port, serverName = isIP(host) === 0 ? host : "" } = remote
  const identity = { ca, cert, key, servername: serverName, minVersion: version, ALPNProtocols: [protocol] } as const
  return yield* Effect.acquireRelease(
    Effect.callback<Tls.TLSSocket, IsolateFailed>((resume) => {
      const socket = Tls.connect({ host, port, ...identity })
      socket.setNoDelay(true)
      socket.once("secureConnect", () => resume(Effect.succeed(socket)))
      socket.on("error", ({ message }) => resume(Effect.fail(failed(`${host}:${port} is not reached: ${message}`))))
      return Effect.sync(() => socket.destroy())
    }).pipe(
      Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.fail(failed(`${host}:${port} does not answer`)) })
    ),
    (socket) => Effect.sync(() => socket.destroy()),
    { interruptible: true }
  )
})

export const open = (remote: RemoteTls): Open =>
  Effect.fnUntraced(function* ({ name }) {
    return Frames.wireOf(yield* connected(name, remote, guests), limits)
  })

const longest = 2 ** 20

/** What is said there of the module. */
export const about = Effect.fnUntraced(function* (name: string, remote: RemoteTls) {
  const socket = yield* connected(name, remote, questions)
  const where = `${remote.host}:${remote.port}`
  return yield* Effect.callback<string, IsolateFailed>((resume) => {
    let said = ""
    const refuse = (reason: string) => resume(Effect.fail(new IsolateFailed({ plugin: name, reason: `${where} ${reason}` })))
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (said.length > longest) refuse("says too much of itself")
    })
    socket.once("end", () => (said === "" ? refuse("says nothing of itself") : resume(Effect.succeed(said))))
    socket.once("error", ({ message }) => refuse(`is gone: ${message}`))
  }).pipe(
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => Effect.fail(new IsolateFailed({ plugin: name, reason: `${where} does not say what it is` }))
    })
  )
}, Effect.scoped)

export interface Serving extends Pick<Settings, "name" | "module" | "grants" | "budgets"> {
  /** What is said of the module to who asks. */
  readonly about?: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** PEM. Whoever has a certificate of this authority may use the plugin. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** What is said on either goes to the other, as it is. Both end together. */
export const join = (socket: Duplex, child: ChildProcess) => {
  // The fourth of `stdio` is a pair of sockets.
  const inner = child.stdio[3] as Socket
  const end = () => {
    socket.destroy()
    inner.destroy()
    child.kill("SIGKILL")
  }
  socket.pipe(inner).pipe(socket)
  for (const one of [socket, inner]) one.on("error", end).on("close", end)
  child.on("error", end).on("exit", end)
}

/** Serves one plugin's module to hosts elsewhere, for as long as the scope is open. Gives the port. */
export const serve = Effect.fnUntraced(function* ({ about = "", ca, cert, host, key, port, ...settings }: Serving) {
  const main = yield* Main
  const run = Effect.runForkWith(yield* Effect.context())
  const log = (line: string) => run(Effect.annotateLogs(Effect.logInfo(line), { plugin: settings.name }))
  const { args, env, file } = Process.mortal(Process.node(settings, main))
  const open = new Set<Socket>()
  const server = Tls.createServer(
    { ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: version, ALPNProtocols: [guests, questions] },
    (socket) => {
      socket.on("error", () => socket.destroy())
      if (socket.alpnProtocol === questions) {
        socket.end(about)
        return
      }
      open.add(socket.setNoDelay(true))
      socket.once("close", () => open.delete(socket))
      const child = Process.spawned({ args, file, env: { ...env, KEELSON_MODULE: settings.module.href } }, log)
      join(socket, child)
    }
  )
  yield* Effect.acquireRelease(
    Effect.callback<void, IsolateFailed>((resume) => {
      server.once("error", ({ message }) =>
        resume(Effect.fail(new IsolateFailed({ plugin: settings.name, reason: message })))
      )
      server.listen(port, host, () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        for (const socket of open) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )
  // It listens on TCP, hence the cast.
  return (server.address() as AddressInfo).port
})
