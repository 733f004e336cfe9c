/** What this machine must give before anything is started: a directory that can be written, ports that are free. */
import { Effect, Schema } from "effect"
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import * as Wire from "../adapters/cri/wire/Wire.ts"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import * as Needs from "./Needs.ts"
import type { Settings } from "./Settings.ts"

export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", { message: Schema.String }) {}

const reasons: { readonly [code: string]: string } = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "it is a file",
  ENOENT: "nothing can be made there"
}
const reasonOf = (cause: unknown) => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  return reasons[code] ?? String(cause)
}

/** One folder after another: some file systems never answer a recursive mkdir that they refuse. */
const make = (path: string) => {
  if (existsSync(path)) return
  make(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

/** Makes the data directory, for its owner alone. */
export const directory = (path: string) =>
  Effect.try({
    try: () => {
      make(path)
      accessSync(path, constants.W_OK)
    },
    catch: (cause) => new Unusable({ message: `--data-dir ${path} cannot be used: ${reasonOf(cause)}; name another one` })
  })

/**
 * Fails if somebody listens there. API processes of one cluster share their port, and so would another cluster's, unseen: this is
 * asked before the first of them.
 */
export const free = (flag: string, address: string, port: number) =>
  Effect.callback<void, Unusable>((resume) => {
    const server = createServer()
    server.once("error", (error) =>
      resume(
        Effect.fail(
          new Unusable({
            message:
              "code" in error && error.code === "EADDRINUSE"
                ? `port ${port} on ${address} is in use: stop what listens there, or name another ${flag}`
                : `cannot listen on ${address}:${port}: ${error.message}; name another ${flag}`
          })
        )
      )
    )
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resume(Effect.void)))
  })

const isSocket = (path: string) => existsSync(path) && statSync(path).isSocket()

/** The container runtimes of others, if they are named. */
export const endpoint = ({ containerdEndpoint: path, runtimeSockets: directory, runtimes }: Settings) => {
  if (path !== "" && !isSocket(path))
    return Effect.fail(
      new Unusable({ message: `--containerd-endpoint ${path}: expected the socket of a containerd that runs` })
    )
  const socket = Wire.socketOf({ directory }, ContainerRuntime)
  if (runtimes.includes("wire") && !isSocket(socket))
    return Effect.fail(
      new Unusable({ message: `--runtime-sockets: expected a folder where a runtime serves, with ${socket}` })
    )
  return Effect.void
}

const found = (...files: ReadonlyArray<string>) => files.some((file) => existsSync(file))

/** What is missing for real containers; empty if nothing is. */
export const missing = (settings: Settings): ReadonlyArray<string> => [
  ...(process.getuid?.() === 0 ? [] : ["this is not root"]),
  ...Needs.missing(settings),
  ...(found(join(settings.cniBinDir, "bridge")) ? [] : [`there are no CNI plugins in ${settings.cniBinDir}`]),
  ...(found("/usr/sbin/nft", "/sbin/nft") ? [] : ["there is no nft"])
]

/** Further nodes are made of the machine's own means, and each needs an address. */
export const further = (settings: Settings) => {
  const { nodeCidr, nodes } = settings
  if (nodes === 1) return Effect.void
  if (isHollow(settings)) {
    const lacks = missing(settings).join(", ") || "--runtime hollow"
    return Effect.fail(new Unusable({ message: `--nodes ${nodes}: further nodes need real containers: ${lacks}` }))
  }
  return nodes <= 2 ** (32 - Number(nodeCidr.split("/")[1])) - 2
    ? Effect.void
    : Effect.fail(new Unusable({ message: `--node-cidr ${nodeCidr}: it has not enough addresses for ${nodes} nodes` }))
}

/** Who has named runtimes wants these, and no pretence. */
const isNamed = ({ runtimes }: Settings) => runtimes.join() !== "containerd"

export const isHollow = (settings: Settings) =>
  settings.runtime === "hollow" || (settings.runtime === "auto" && !isNamed(settings) && missing(settings).length > 0)

/** Runtimes that are named and cannot be. */
export const runtimes = (settings: Settings) => {
  const lacks = missing(settings)
  if (isHollow(settings) || !isNamed(settings) || lacks.length === 0) return Effect.void
  return Effect.fail(new Unusable({ message: `--runtimes ${settings.runtimes.join(",")}: ${lacks.join("; ")}` }))
}
