/**
 * The addresses of the cluster's DNS on this node's loopback. While one server follows another both hold them: an address goes when
 * the last of this process lets go.
 */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { createSocket } from "node:dgram"
import { readFileSync, writeFileSync } from "node:fs"
import { isIPv6 } from "node:net"

export class AddressNotSet extends Schema.TaggedError<AddressNotSet>()("AddressNotSet", {
  address: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `the address ${this.address} cannot be put on lo: ${this.detail}`
  }
}
export class AddressTaken extends Schema.TaggedError<AddressTaken>()("AddressTaken", {
  at: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `nobody can serve the cluster's names at ${this.at}: ${this.detail}; stop the program that is there`
  }
}

const ip = (...args: ReadonlyArray<string>) =>
  Effect.callback<void, string>((resume) => {
    execFile("ip", [...args], (error, _, stderr) =>
      resume(error === null ? Effect.void : Effect.fail(stderr.trim() || error.message))
    )
  })

const isLoopback = (address: string) => address.startsWith("127.") || address === "::1"
/** An IPv6 address that is first looked for on the network cannot be bound for a while; on lo there is nobody to look for. */
const add = (address: string) =>
  isIPv6(address)
    ? ip("-6", "address", "replace", `${address}/128`, "dev", "lo", "nodad")
    : ip("address", "replace", `${address}/32`, "dev", "lo")
const remove = (address: string) => ip("address", "delete", `${address}/${isIPv6(address) ? 128 : 32}`, "dev", "lo")

/** As it stands before a port. */
export const endpoint = (address: string, port: number) => (isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`)

const holders = new Map<string, number>()
const count = (key: string, by: number) => {
  const now = (holders.get(key) ?? 0) + by
  if (now > 0) holders.set(key, now)
  else holders.delete(key)
  return now
}
const counted = (key: string) =>
  Effect.acquireRelease(
    Effect.sync(() => count(key, 1)),
    () => Effect.sync(() => count(key, -1))
  )

/** One that is there is left of a run that was killed, and goes with this one. */
const put = (address: string) =>
  Effect.acquireRelease(
    Effect.mapError(
      Effect.tap(add(address), () => Effect.sync(() => count(address, 1))),
      (detail) => new AddressNotSet({ address, detail })
    ),
    () => Effect.suspend(() => (count(address, -1) === 0 ? Effect.ignore(remove(address)) : Effect.void))
  )

const migration = "/proc/sys/net/ipv4/tcp_migrate_req"

/** Until the scope closes, connections that nobody has accepted when a socket closes go to another one of the same port, where the kernel can do that. */
export const migrate = Effect.acquireRelease(
  Effect.sync(() => {
    if (count(migration, 1) > 1) return
    try {
      if (readFileSync(migration, "utf8").trim() === "0") writeFileSync(migration, "1")
      else count(migration, 1)
    } catch {
      // It cannot: such a connection is refused, and tried again by who asks.
    }
  }),
  () =>
    Effect.sync(() => {
      if (count(migration, -1) > 0) return
      try {
        writeFileSync(migration, "0")
      } catch {
        // As above.
      }
    })
)

/** A port that may be shared would be shared with a stranger too, without a word. */
const untaken = (address: string, port: number) =>
  Effect.callback<void, AddressTaken>((resume) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4")
    socket.once("error", ({ message }) =>
      resume(Effect.fail(new AddressTaken({ at: endpoint(address, port), detail: message })))
    )
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resume(Effect.void)))
  })

/** Puts the address on `lo` until the scope closes, for who will serve this port; refused if somebody else does. */
export const hold = Effect.fnUntraced(function* (address: string, port: number) {
  if (!isLoopback(address)) {
    yield* put(address)
    yield* migrate
  }
  const at = endpoint(address, port)
  if (port !== 0 && !holders.has(at)) yield* untaken(address, port)
  yield* counted(at)
})
