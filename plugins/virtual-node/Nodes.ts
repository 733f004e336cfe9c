/**
 * The nodes in the cluster that stand for a service: each is registered, and its Lease renewed; now and then its status is told again.
 * However many there are, they are served by one clock, a few at a time.
 */
import { Clock, Effect, Option, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Kind from "../../kernel/resource/Kind.ts"
import { Lease } from "../resources/contracts/coordination/v1.ts"
import { Node, type Taint } from "../resources/contracts/core/v1.ts"
import { microTime, time } from "../resources/contracts/Time.ts"
import * as Status from "./Status.ts"

export interface Options {
  readonly names: ReadonlyArray<string>
  /** Where others would reach them. */
  readonly address: string
  readonly version: string
  readonly taints: ReadonlyArray<Taint>
}

const leaseSeconds = 40
/** Milliseconds: as long as a kubelet, between two renewals of one, and between two statuses. */
const renewEvery = 10_000
const statusEvery = 5 * 60_000
/** Between two goes of the clock: each renews its part of them. */
const step = 250
const atOnce = 16

interface Served {
  readonly about: Status.About
  lease: Lease | undefined
  told: number
}

const register = Effect.fnUntraced(function* ({ taints }: Options, about: Status.About) {
  const client = yield* Client
  const { name, size } = about
  const labels = Status.labelsOf(name, size)
  const status = Status.ofNode(about, yield* Clock.currentTimeMillis)
  const key = { namespace: "", name }
  const found = yield* client.find(Node, key)
  const node = Option.isSome(found)
    ? yield* client.patch(Node, key, "merge", { metadata: { labels } })
    : yield* client.create(Node, { metadata: { name, labels }, spec: taints.length > 0 ? { taints } : {}, status })
  const isTold = node.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true
  if (Option.isSome(found) || !isTold) yield* client.update(Node, { ...node, status }, { subresource: "status" })
  return node
})

/** As its Lease was when it was written last; somebody else's write is read first. */
const renew = Effect.fnUntraced(function* (served: Served) {
  const client = yield* Client
  const { name } = served.about
  const key = { namespace: "kube-node-lease", name }
  const renewTime = microTime(yield* Clock.currentTimeMillis)
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime }
  const write = (lease: Lease) => client.update(Lease, { ...lease, spec: { ...lease.spec, ...spec } })
  const anew = Effect.gen(function* () {
    const found = yield* client.find(Lease, key)
    if (Option.isSome(found)) return yield* write(found.value)
    const node = yield* client.get(Node, { namespace: "", name })
    const { blockOwnerDeletion: _, controller: __, ...owner } = Kind.controllerReference(Node, node)
    return yield* client.create(Lease, { metadata: { ...key, ownerReferences: [owner] }, spec })
  })
  const { lease } = served
  served.lease = yield* lease === undefined ? anew : Effect.catchTag(write(lease), ["Conflict", "NotFound"], () => anew)
})

const tell = Effect.fnUntraced(function* (served: Served, now: number) {
  const client = yield* Client
  const node = yield* client.get(Node, { namespace: "", name: served.about.name })
  const { conditions: own = [], ...rest } = Status.ofNode(served.about, now)
  const others = (node.status.conditions ?? []).filter(({ type }) => !own.some((one) => one.type === type))
  const status = { ...node.status, ...rest, conditions: [...others, ...own] }
  yield* client.update(Node, { ...node, status }, { subresource: "status" })
  served.told = now
})

const quietly = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) =>
  Effect.catchCause(effect, (cause) => Effect.logDebug(what, cause))

/** Done when all are registered; they are kept alive until the scope closes. */
export const run = Effect.fn("Nodes.run")(function* (options: Options, size: Status.Size) {
  const since = time(yield* Clock.currentTimeMillis)
  const { address, names, version } = options
  const all = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name) {
      const about = { name, size, address, version, since }
      yield* Effect.retry(register(options, about), Schedule.spaced("1 second"))
      const served: Served = { about, lease: undefined, told: yield* Clock.currentTimeMillis }
      yield* quietly("the lease of a node is not there yet", renew(served))
      return served
    }),
    { concurrency: atOnce }
  )
  let next = 0
  const part = Math.ceil((all.length * step) / renewEvery)
  const go = Effect.gen(function* () {
    const some = Array.from({ length: Math.min(part, all.length) }, () => all[next++ % all.length])
    yield* Effect.forEach(
      some,
      Effect.fnUntraced(function* (served) {
        if (served === undefined) return
        yield* quietly("a lease was not renewed", renew(served))
        const now = yield* Clock.currentTimeMillis
        if (now - served.told > statusEvery) yield* quietly("a node's status was not told", tell(served, now))
      }),
      { concurrency: atOnce, discard: true }
    )
  })
  // Of a few none is renewed more often than it has to be.
  const pause = Math.max(step, Math.floor((renewEvery * part) / all.length))
  yield* Effect.forkScoped(Effect.repeat(go, Schedule.fixed(pause)))
})
