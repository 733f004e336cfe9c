/** The nats-server that keeps the logs of all control planes of a machine: it is there while one of them runs. */
import { Effect } from "effect"
import { join } from "node:path"
import type * as Nats from "../../kernel/store/jetstream/Nats.ts"
import type { Configuration } from "../../kernel/store/jetstream/NatsConfiguration.ts"
import { limitsOf } from "../../kernel/store/jetstream/NatsLimits.ts"
import * as NatsServer from "../../kernel/store/jetstream/NatsServer.ts"
import * as NatsShared from "../../kernel/store/jetstream/NatsShared.ts"
import type { Entry, Registry, Server } from "./Registry.ts"
import { isRunning } from "./Registry.ts"

const directoryOf = (root: string) => join(root, "store")

const mebibyte = 1024 ** 2
/** How large the logs of one may become: so much of the disk is kept free for each. */
export const most = { objects: 512 * mebibyte, events: 128 * mebibyte, leases: 32 * mebibyte }

const shared = (entries: ReadonlyArray<Entry>) => entries.filter(({ key }) => key !== "")
const keysOf = (entries: ReadonlyArray<Entry>) =>
  shared(entries)
    .map(({ key, name }) => `${name} ${key}`)
    .join("\n")

const begun = Effect.fnUntraced(function* (root: string) {
  const server: Server = {
    listen: yield* NatsServer.loopback,
    monitor: yield* NatsServer.loopback,
    passwords: NatsServer.newPasswords(),
    limits: yield* Effect.mapError(limitsOf(root), (reason) => new NatsServer.NatsServerFailed({ directory: root, reason })),
    knows: ""
  }
  return server
})

const configurationOf = (root: string, server: Server, entries: ReadonlyArray<Entry>): Configuration => ({
  directory: directoryOf(root),
  name: "keelson",
  listen: server.listen,
  monitor: server.monitor,
  access: { passwords: server.passwords },
  limits: server.limits,
  tenants: shared(entries)
})

/** It is there, and lets in who is registered. */
export const ensure = Effect.fnUntraced(function* (root: string, registry: Registry, binary: string) {
  const entries = registry.entries()
  const server = registry.server() ?? (yield* begun(root))
  const knows = keysOf(entries)
  const configuration = configurationOf(root, server, entries)
  yield* NatsShared.ensure(configuration, server.knows === knows, binary === "" ? undefined : binary)
  registry.putServer({ ...server, knows })
  return { store: `nats://${server.listen}`, natsMonitor: `http://${server.monitor}` }
})

export const isThere = (root: string) => Effect.map(NatsShared.running(directoryOf(root)), (pid) => pid !== undefined)

/** It ends with the last that needs it. */
export const settle = Effect.fnUntraced(function* (root: string, registry: Registry) {
  if (!shared(registry.entries()).some(isRunning)) yield* NatsShared.stop(directoryOf(root))
})

/** The logs of one go, also if its own key is lost; and then it is none of them any more. */
export const remove = Effect.fnUntraced(function* (root: string, registry: Registry, entry: Entry, binary: string) {
  const { key, seed } = NatsShared.newKey()
  registry.put({ ...entry, key })
  const { store } = yield* ensure(root, registry, binary)
  yield* NatsShared.removeLogs({ servers: store, nkey: seed } satisfies Nats.Options, entry.name)
  registry.remove(entry.name)
  yield* ensure(root, registry, binary)
  yield* NatsShared.forget(directoryOf(root), entry.name)
})
