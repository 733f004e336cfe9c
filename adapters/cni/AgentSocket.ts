/**
 * The agent's end of its CNI program: a socket that only the node's administrator can open, one request a connection, each a line of
 * JSON. It calls the `NetworkAttachment` of the node, and answers in CNI's words.
 */
import { Effect, FiberSet, Schema, type Scope } from "effect"
import { createHash } from "node:crypto"
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs"
import { createServer, isIPv6, type Socket } from "node:net"
import { dirname, join } from "node:path"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { NetworkAttachment, Result } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { codes } from "./Cni.ts"

type Service = NetworkAttachment["Service"]

const { Array: List, Int, Json, Literals, Number: Num, String: Text, Struct, fromJsonString, optionalKey } = Schema

const PortMapping = Struct({
  hostPort: Int,
  containerPort: Int,
  protocol: Text,
  hostIP: optionalKey(Text)
})
const Bandwidth = Struct({ ingressRate: optionalKey(Num), egressRate: optionalKey(Num) })
const RuntimeConfig = Struct({ portMappings: optionalKey(List(PortMapping)), bandwidth: optionalKey(Bandwidth) })
type RuntimeConfig = typeof RuntimeConfig.Type

const Config = Struct({
  name: Text,
  cniVersion: optionalKey(Text),
  /** On whose behalf: the folder that the configuration was read from. */
  runtime: Text,
  /** Looked at on ADD only: nothing in it may keep a Pod from being detached. */
  runtimeConfig: optionalKey(Json),
  "cni.dev/valid-attachments": optionalKey(List(Struct({ containerID: Text, ifname: Text })))
})

const Request = fromJsonString(
  Struct({
    command: Literals(["ADD", "DEL", "CHECK", "STATUS", "GC"]),
    containerId: Text,
    netns: Text,
    ifname: Text,
    args: Text,
    config: Config
  })
)
export type Request = typeof Request.Type
const decode = Schema.decodeUnknownEffect(Request)
const decodeRuntimeConfig = Schema.decodeUnknownEffect(RuntimeConfig)

/** containerd writes `HostPort` where the conventions have `hostPort`; programs in Go do not mind. */
const decapitalized = (json: Schema.Json): Schema.Json => {
  if (Array.isArray(json)) return json.map(decapitalized)
  if (typeof json !== "object" || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [`${name.charAt(0).toLowerCase()}${name.slice(1)}`, decapitalized(value)])
  )
}

interface Answer {
  readonly result?: Schema.Json
  readonly error?: { readonly code: number; readonly msg: string; readonly details: string }
}
const failure = (code: number, msg: string, details = ""): Answer => ({ error: { code, msg, details } })

/** Of the arguments that runtimes give, those that name the Pod. */
const metadataOf = (args: string) => {
  const said = new Map(args.split(";").map((pair) => [pair.split("=")[0] ?? "", pair.split("=").slice(1).join("=")]))
  const [namespace, name] = [said.get("K8S_POD_NAMESPACE"), said.get("K8S_POD_NAME")]
  if (namespace === undefined || name === undefined) return {}
  return { metadata: { namespace, name, uid: said.get("K8S_POD_UID") ?? "" } }
}

const protocols = { tcp: "TCP", udp: "UDP", sctp: "SCTP" } as const
const isProtocol = (text: string): text is keyof typeof protocols => text in protocols
/** Runtimes also name ports that have no host port. */
const portsOf = ({ portMappings = [] }: RuntimeConfig) =>
  portMappings.flatMap(({ containerPort, hostIP = "", hostPort, protocol }) => {
    const name = protocol.toLowerCase()
    if (hostPort <= 0 || !isProtocol(name)) return []
    return [{ hostPort, containerPort, protocol: protocols[name], ...(hostIP !== "" && { hostIp: hostIP }) }]
  })
const bandwidthOf = ({ bandwidth }: RuntimeConfig) => {
  if (bandwidth === undefined) return {}
  const { egressRate, ingressRate } = bandwidth
  const limits = {
    ...(ingressRate !== undefined && ingressRate > 0 && { ingress: Math.round(ingressRate) }),
    ...(egressRate !== undefined && egressRate > 0 && { egress: Math.round(egressRate) })
  }
  return Object.keys(limits).length > 0 ? { bandwidth: limits } : {}
}

/** Before 1.0 an address said of which family it is. A network may leave its result to be told from the addresses. */
const written = (
  { config: { cniVersion = "" }, ifname, netns }: Request,
  { addresses, result }: { readonly addresses: ReadonlyArray<string>; readonly result?: Result }
): Schema.Json => {
  const whole: Result = result ?? {
    interfaces: [{ name: ifname, sandbox: netns }],
    ips: addresses.map((address) => ({ address: `${address}/${isIPv6(address) ? 128 : 32}`, interface: 0 }))
  }
  const ips = (whole.ips ?? []).map((ip) => ({
    ...ip,
    ...(cniVersion.startsWith("0.") && { version: isIPv6(ip.address.split("/")[0] ?? "") ? "6" : "4" })
  }))
  const { dns = {}, interfaces = [], routes = [] } = whole
  return { interfaces: [...interfaces], ips, routes: [...routes], dns: { ...dns } }
}

const perform = Effect.fnUntraced(function* (network: Service, request: Request) {
  const { command, config, containerId: pod, ifname, netns: namespace } = request
  const of = { pod, namespace, interface: ifname }
  if (command === "ADD") {
    const runtimeConfig = yield* decodeRuntimeConfig(decapitalized(config.runtimeConfig ?? {}))
    const asked = { ...of, runtime: config.runtime, ports: portsOf(runtimeConfig) }
    const attached = yield* network.attach({ ...asked, ...metadataOf(request.args), ...bandwidthOf(runtimeConfig) })
    return { result: written(request, attached) }
  }
  if (command === "DEL") yield* network.detach({ pod, interface: ifname, ...(namespace !== "" && { namespace }) })
  if (command === "CHECK") yield* network.check(of)
  if (command === "GC") {
    const valid = (config["cni.dev/valid-attachments"] ?? []).map(({ containerID, ifname }) => ({
      pod: containerID,
      interface: ifname
    }))
    yield* network.gc({ runtime: config.runtime, valid })
  }
  if (command === "STATUS") {
    const { limited, message, ready } = yield* network.status()
    if (!ready) return failure(limited ? codes.limited : codes.notAvailable, message)
  }
  return {}
})

export const answer = (network: Service, text: string): Effect.Effect<Answer> =>
  decode(text).pipe(
    Effect.flatMap((request) => perform(network, request).pipe(Effect.withSpan(`agent.${request.command}`))),
    Effect.catchTags({
      SchemaError: ({ message }) => Effect.succeed(failure(codes.invalidConfiguration, "not understood", message)),
      NetworkFull: ({ message }) => Effect.succeed(failure(codes.other, message)),
      NetworkRefused: ({ code, message }) => Effect.succeed(failure(code, message)),
      NotAttached: ({ message }) => Effect.succeed(failure(codes.other, message)),
      Unavailable: ({ message }) => Effect.succeed(failure(codes.tryAgainLater, message))
    }),
    Effect.catchDefect((defect) => Effect.succeed(failure(codes.other, `${defect}`)))
  )

/** A socket's path may have 107 bytes. */
export const pathIn = (directory: string) => {
  const path = join(directory, "agent.sock")
  if (path.length < 90) return path
  return `/run/keelson-${createHash("sha256").update(directory).digest("hex").slice(0, 16)}-cni.sock`
}

/** Requests are small: an end without a newline in so much is none. */
const longest = 1024 * 1024

const inode = (path: string) => {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}

/**
 * Serves until the scope closes. It listens under a name of its own and is then put in place, so that one that follows takes over in
 * one step and is not removed by the one before.
 */
export const serve = Effect.fnUntraced(function* (
  path: string,
  network: Service
): Effect.fn.Return<void, Unavailable, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = ""
    let isTaken = false
    open.add(socket)
    socket.setEncoding("utf8")
    socket.setTimeout(10 * 60_000, () => socket.destroy())
    socket.on("error", () => socket.destroy())
    socket.on("close", () => open.delete(socket))
    socket.on("data", (part: string) => {
      text += part
      if (text.length > longest) socket.destroy()
      const end = text.indexOf("\n")
      if (isTaken || end < 0) return
      isTaken = true
      run(Effect.map(answer(network, text.slice(0, end)), (told) => void socket.end(JSON.stringify(told))))
    })
    socket.on("end", () => {
      if (!isTaken) socket.destroy()
    })
  })
  const fresh = `${path}.${process.pid}-${Math.trunc(performance.now())}`
  const unavailable = (cause: unknown) => new Unavailable({ contract: "cni/agent", applied: "unknown", cause })
  const listening = Effect.callback<number, Unavailable>((resume) => {
    server.once("error", (error) => resume(Effect.fail(unavailable(error))))
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    server.listen(fresh, () => {
      chmodSync(fresh, 0o600)
      const ino = inode(fresh) ?? 0
      renameSync(fresh, path)
      resume(Effect.succeed(ino))
    })
  })
  yield* Effect.acquireRelease(listening, (ino) =>
    Effect.sync(() => {
      server.close()
      for (const socket of open) socket.destroy()
      if (inode(path) === ino) rmSync(path, { force: true })
    })
  )
})
