/**
 * Who acts in the day, each with a client of its own. A write takes a while before it is there and before its answer is, so that others
 * act meanwhile; it is known who asked last that a Pod go; Events, which nobody acts on, are not written.
 */
import { Effect, Layer, Random } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key, Kind, Resource, ResourceDraft } from "../../../kernel/resource/Kind.ts"
import type { Cache, Viewed } from "../../../kernel/table/Table.ts"
import { Lease } from "../../../plugins/resources/contracts/coordination/v1.ts"
import { Event, Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import { type Heartbeats, untold } from "./Heartbeats.ts"

type Service = Client["Service"]

/** Milliseconds each way: few values, so that much happens at the same time, and costs as little as it does where servers are busy. */
const latencies = [0, 1, 5, 25]

/** Who asked last that a Pod go. */
export class Deleters {
  private readonly last = new Map<string, string>()
  note({ name, namespace }: Key, actor: string) {
    this.last.set(`${namespace}/${name}`, actor)
  }
  of({ name, namespace }: Key) {
    return this.last.get(`${namespace}/${name}`) ?? ""
  }
  forget({ name, namespace }: Key) {
    this.last.delete(`${namespace}/${name}`)
  }
}

const way = Effect.flatMap(Random.nextIntBetween(0, latencies.length, { halfOpen: true }), (index) =>
  Effect.sleep(latencies[index] ?? 0)
)
const slow = <A, E>(write: Effect.Effect<A, E>) =>
  Effect.andThen(
    way,
    Effect.tap(write, () => way)
  )

const wrapped = (client: Service, actor: string, deleters: Deleters, beats: Heartbeats): Service => {
  const going = <A, E>(isPod: boolean, key: Key, by: string, write: Effect.Effect<A, E>) =>
    slow(
      Effect.suspend(() => {
        if (isPod) deleters.note(key, by)
        return write
      })
    )
  /** Where Leases are asked for, it is a cache of Leases, hence the cast. */
  const leases = <A extends Resource, Name extends string>(viewed: Viewed<A, Name>) =>
    beats.table.cache(viewed as unknown as Viewed<Lease, Name>) as unknown as Effect.Effect<Cache<A, Name>>
  return Client.of({
    ...client,
    create: (kind, draft, options) =>
      kind.storage === Event.storage ? Effect.fail(untold) : slow(client.create(kind, draft, options)),
    update: (kind, object, options) => slow(client.update(kind, object, options)),
    patch: (kind, key, type, body, options) => slow(client.patch(kind, key, type, body, options)),
    delete: (kind, key, options) => going(kind.storage === Pod.storage, key, actor, client.delete(kind, key, options)),
    post: (kind, key, subresource, body) =>
      going(subresource === "eviction", key, subresource, client.post(kind, key, subresource, body)),
    cache: <A extends Resource, D extends ResourceDraft, Name extends string>(kind: Kind<A, D>, options: Viewed<A, Name>) =>
      kind.storage === Lease.storage ? leases(options) : client.cache(kind, options)
  })
}

/** The client of an actor. All share what the cluster's own keeps, so that there is one table of each kind. */
export const acting = (actor: string, deleters: Deleters, beats: Heartbeats) =>
  Layer.effect(
    Client,
    Effect.map(Client, (client) => wrapped(client, actor, deleters, beats))
  )
