/** What `keelson member` does: who the servers of a control plane are, and the leave of one that will not come back. */
import { Clock, Console, Context, Effect, Option, Schema } from "effect"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"
import { Client } from "../kernel/client/Client.ts"
import * as Nats from "../kernel/store/jetstream/Nats.ts"
import * as NatsAdmin from "../kernel/store/jetstream/NatsAdmin.ts"
import * as ApiServers from "../plugins/cluster/contracts/ApiServers.ts"
import { Lease } from "../plugins/resources/contracts/coordination/v1.ts"
import * as Join from "./Join.ts"
import * as Keys from "./Keys.ts"
import { leadership } from "./Leadership.ts"
import * as Membership from "./Membership.ts"
import type { Paths } from "./Paths.ts"
import type { Server } from "./Servers.ts"
import * as Servers from "./Servers.ts"
import * as Columns from "./Columns.ts"

export class NotRemoved extends Schema.TaggedError<NotRemoved>()("NotRemoved", { message: Schema.String }) {}

const connected = Effect.fnUntraced(function* (kubeconfig: string) {
  const { client } = yield* Join.clientOf({ ...(yield* Kubeconfig.read(kubeconfig)), userAgent: "keelson" })
  return Context.make(Client, client)
})

/** All that have entered themselves, and all that say that they live. */
const known = Effect.gen(function* () {
  const client = yield* Client
  const { namespace, selector } = ApiServers
  const leases = yield* client.list(Lease, { namespace, labelSelector: selector })
  const leader = Option.getOrUndefined(yield* client.find(Lease, { namespace, name: leadership }))?.spec.holderIdentity
  const entered = Option.match(yield* Membership.find, { onNone: () => [], onSome: Membership.serversOf })
  const names = new Set([...entered.map(({ name }) => name), ...leases.map(({ spec }) => spec.holderIdentity ?? "")])
  return [...names].toSorted().map((name) => {
    const lease = leases.find(({ spec }) => spec.holderIdentity === name)
    const address = lease === undefined ? undefined : ApiServers.addressOf(lease)
    return {
      name,
      lease,
      entry: entered.find((one) => one.name === name),
      address,
      leads: leader === `${name}_${address?.port}`
    }
  })
})
type One = Effect.Success<typeof known>[number]

const stateOf = ({ lease }: One, now: number) => {
  if (lease === undefined) return "waits for others, or has ended"
  return ApiServers.isFresh(lease, now) ? "lives" : `SILENT since ${lease.spec.renewTime}`
}
const apiOf = ({ address, entry }: One) =>
  address === undefined ? `${entry?.address}:${entry?.port}` : `${address.ip}:${address.port}`

export const list = Effect.fn("Member.list")(function* (kubeconfig: string) {
  const all = yield* Effect.provide(known, yield* connected(kubeconfig))
  const now = yield* Clock.currentTimeMillis
  const rows = all.map((one) => [one.name, apiOf(one), one.entry?.store ?? "", stateOf(one, now), one.leads ? "yes" : ""])
  yield* Console.log(Columns.table([["NAME", "API", "STORE", "STATE", "LEADS"], ...rows]))
}, Effect.scoped)

/** Its replica of the store is made anew on another server. */
const removeReplica = Effect.fnUntraced(function* (paths: Paths, name: string, others: ReadonlyArray<Server>) {
  const { admin, ca } = yield* Keys.openStore(paths, Servers.storeHosts)
  const servers = others.map(({ store }) => `tls://${store}`)
  const nats = yield* Nats.make({ servers, tls: { ca, ...admin } })
  const peers = yield* NatsAdmin.peers(nats)
  // One that never began has none.
  if (peers.some((peer) => peer.name === name)) yield* NatsAdmin.remove(nats, name)
})

export const remove = Effect.fn("Member.remove")(function* (kubeconfig: string, paths: Paths, name: string, force: boolean) {
  const services = yield* connected(kubeconfig)
  const client = Context.get(services, Client)
  const all = yield* Effect.provide(known, services)
  const one = all.find((other) => other.name === name)
  if (one === undefined) {
    const names = all.map(({ name }) => name).join(", ")
    return yield* new NotRemoved({ message: `there is no server ${name}: expected one of ${names}` })
  }
  if (one.lease !== undefined && ApiServers.isFresh(one.lease, yield* Clock.currentTimeMillis)) {
    return yield* new NotRemoved({ message: `${name} lives: stop it first, for good, and wait until it is silent` })
  }
  const others = all.flatMap(({ entry }) =>
    entry === undefined || entry.name === name || entry.store === "" ? [] : [entry]
  )
  const hasReplica = (one.entry?.store ?? "") !== ""
  if (hasReplica && others.length < Membership.enough && !force) {
    return yield* new NotRemoved({
      message: `without ${name} the store has ${others.length} replicas: let another server join first, or say --force`
    })
  }
  if (hasReplica) yield* removeReplica(paths, name, others)
  yield* Effect.provide(Membership.leave(name), services)
  yield* client
    .delete(Lease, { namespace: ApiServers.namespace, name: ApiServers.nameOf(name) })
    .pipe(Effect.catchTag("NotFound", () => Effect.void))
  yield* Console.log(`${name} is no server of this cluster any more; its data must not be used again`)
}, Effect.scoped)
