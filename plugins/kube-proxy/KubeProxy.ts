/**
 * Services on a node: follows Services and EndpointSlices and keeps the kernel's table to them. What changes is programmed at
 * once, alone; changes that come meanwhile go together next.
 */
import { Clock, Effect, Latch, Layer, Schedule, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { type Key, keyOf, type Resource } from "../../kernel/resource/Kind.ts"
import type { Batch } from "../../kernel/table/Table.ts"
import { Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import * as Command from "./Command.ts"
import * as Conntrack from "./Conntrack.ts"
import * as Frontends from "./Frontends.ts"
import { unchanged } from "./Ledger.ts"
import * as Metrics from "./Metrics.ts"
import * as Ruleset from "./Ruleset.ts"
import * as Sysctls from "./Sysctls.ts"
import { merge, nameOf, Table } from "./Table.ts"

export interface Options {
  readonly nodeName: string
  /** Of all Pods of the cluster. */
  readonly podCidr: string
  /** What stands before every command, if the node's network is not this process's: `["ip", "netns", "exec", "n1"]`. */
  readonly within?: ReadonlyArray<string>
}

/** A run of nft takes 20 ms; so many changes of a moment share one. */
const pause = "25 millis"
const checks = Schedule.spaced("30 seconds")
const fullEvery = 120
const patience = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")])

const serviceOf = ({ metadata: { labels = {}, namespace = "" } }: EndpointSlice): Key | undefined => {
  const name = labels[Frontends.serviceName]
  return name === undefined ? undefined : { namespace, name }
}

const start = Effect.fnUntraced(function* ({ nodeName, podCidr, within = [] }: Options) {
  const client = yield* Client
  const run = Command.within(within)
  const services = yield* client.cache(Service, { indexes: {} })
  const slices = yield* client.cache(EndpointSlice, {
    indexes: { service: (slice) => [serviceOf(slice)].flatMap((key) => (key === undefined ? [] : [nameOf(key)])) }
  })

  const table = new Table({ podCidr })
  /** Services that have entries, and those that are to be looked at. */
  const [known, dirty] = [new Map<string, Key>(), new Map<string, Key>()]
  const news = Latch.makeUnsafe(true)
  let anew = true
  let untold = unchanged

  const follow = <A extends Resource>({ events }: Batch<A>, keyFor: (object: A) => Key | undefined) => {
    const look = (key: Key | undefined) => key !== undefined && dirty.set(nameOf(key), key)
    for (const event of events) {
      if (event._tag === "Snapshot") for (const key of [...known.values(), ...event.objects.map(keyFor)]) look(key)
      else look(keyFor(event.object))
    }
    if (dirty.size > 0) news.openUnsafe()
  }

  const look = (key: Key) => {
    const [name, service] = [nameOf(key), services.get(key)]
    const routed = service === undefined ? Frontends.none : Frontends.route(service, slices.by("service", name), nodeName)
    if (routed === Frontends.none) known.delete(name)
    else known.set(name, key)
    return table.set(name, routed)
  }

  const program = Effect.gen(function* () {
    news.closeUnsafe()
    const before = yield* Clock.currentTimeMillis
    const keys = [...dirty.values()]
    dirty.clear()
    const changes = merge(keys.map(look))
    untold = merge([untold, changes])
    const text = anew ? table.all() : table.change(changes)
    if (text === "") return
    const full = anew
    // Until it is known that the kernel has it, it may have anything.
    anew = true
    yield* run(["nft", "-f", "-"], text)
    anew = false
    yield* Metrics.synced(full, before)
    yield* Conntrack.forget(run, untold)
    untold = unchanged
  }).pipe(
    Effect.tapError(({ detail }) => Effect.logError("the table is not programmed, trying again", detail)),
    // A run that is cut off could end after the table is deleted.
    Effect.uninterruptible,
    Effect.retry(patience),
    Effect.withSpan("KubeProxy.program")
  )

  let round = 0
  const check = Effect.gen(function* () {
    const there = yield* Effect.isSuccess(run(["nft", "list", "chain", ...Ruleset.table.split(" "), "dispatch"]))
    if (there && ++round % fullEvery !== 0) return
    anew = true
    news.openUnsafe()
  })

  yield* Sysctls.apply(run)
  yield* Effect.addFinalizer(() => Effect.ignore(run(["nft", "delete", "table", ...Ruleset.table.split(" ")])))
  yield* Effect.forkScoped(Stream.runForEach(services.changes, (batch) => Effect.sync(() => follow(batch, keyOf))))
  yield* Effect.forkScoped(Stream.runForEach(slices.changes, (batch) => Effect.sync(() => follow(batch, serviceOf))))
  const loop = Effect.andThen(news.await, program).pipe(Effect.andThen(Effect.sleep(pause)), Effect.forever)
  yield* Effect.forkScoped(loop)
  yield* Effect.forkScoped(Effect.delay(Effect.repeat(check, checks), "30 seconds"))
})

export const layer = (options: Options) => Layer.effectDiscard(start(options))

export const plugin = (options: Options) => Plugin.make({ name: "kube-proxy", layer: layer(options) })
