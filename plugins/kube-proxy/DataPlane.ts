/**
 * What all data planes have in common: what is wanted, what the kernel is known to have, and one change at a time. A data plane
 * itself is a `Plane`: how a change, or all, becomes the kernel's.
 */
import { Clock, Effect, Semaphore } from "effect"
import type { CommandFailed, Node } from "./Command.ts"
import * as Conntrack from "./Conntrack.ts"
import { NotProgrammed, type ProxiedService, ServiceProxy, type ServicePort } from "./contracts/ServiceProxy.ts"
import * as Held from "./Held.ts"
import * as Metrics from "./Metrics.ts"
import type { PlaneOptions } from "./Options.ts"
import * as Ranges from "./Ranges.ts"
import * as Sysctls from "./Sysctls.ts"

export type Families = ReadonlyArray<ServicePort["family"]>

export interface Plane<Change> {
  readonly name: string
  /** Notes what a Service is from now on, and says what that changes. Synchronous, and costs what the Service has. */
  readonly note: (service: ProxiedService) => Change
  /** Brings the changes noted into the kernel, which has all that was noted before. */
  readonly change: (changes: ReadonlyArray<Change>) => Effect.Effect<void, CommandFailed>
  /** Brings all that is noted into the kernel, whatever that has. */
  readonly all: Effect.Effect<void, CommandFailed>
  /** Whether what was programmed is still there, as far as a glance can tell. */
  readonly stands: Effect.Effect<boolean>
  readonly connections: (
    services: ReadonlyArray<ProxiedService>
  ) => Effect.Effect<ReadonlyMap<string, number>, CommandFailed>
  /** Takes back all that this or an earlier proxy of its kind has made. */
  readonly remove: Effect.Effect<void, CommandFailed>
}

const reason = ({ detail }: CommandFailed) => new NotProgrammed({ reason: detail })

/** The families that the node's kernel has. */
export const familiesOf = ({ run }: Node) =>
  Effect.map(
    Effect.isSuccess(run(["test", "-e", "/proc/sys/net/ipv6"])),
    (both): Families => (both ? ["IPv4", "IPv6"] : ["IPv4"])
  )

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>, whole: boolean) =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const result = yield* effect
    yield* Metrics.synced(whole, before)
    return result
  })

/** A machine that forwards IPv6 hears of no routes any more: not without need. */
export const settings = (node: Node, families: Families, podCidr: string) => {
  const pods = Ranges.byFamily(podCidr)
  return Sysctls.apply(
    node,
    families.filter((family) => family === "IPv4" || pods[family].length > 0)
  )
}

/** A `ServiceProxy`. What it has made goes when the scope closes, unless another of its kind has taken over meanwhile. */
export const make = Effect.fnUntraced(function* <C>(
  node: Node,
  families: Families,
  { keep = false, podCidr }: PlaneOptions,
  plane: Plane<C>
) {
  const lock = yield* Semaphore.make(1)
  const state = new Map<string, ProxiedService>()
  /** Until it is known that the kernel has what is noted, it may have anything. */
  let trusted = false

  /** A run that is cut off could end in the middle. */
  const alone = <A>(effect: Effect.Effect<A, CommandFailed>) =>
    Effect.mapError(lock.withPermit(Effect.uninterruptible(effect)), reason)

  const all = Effect.gen(function* () {
    trusted = false
    yield* timed(plane.all, true)
    trusted = true
    const allowed: Conntrack.Allowed = new Map()
    for (const { ports } of state.values()) Conntrack.allow(allowed, [], ports)
    yield* Conntrack.forget(node.run, allowed, families)
  })

  const note = (services: ReadonlyArray<ProxiedService>, allowed: Conntrack.Allowed) =>
    services.map((service) => {
      const { name, ports } = service
      Conntrack.allow(allowed, state.get(name)?.ports ?? [], ports)
      if (ports.length === 0) state.delete(name)
      else state.set(name, service)
      return plane.note(service)
    })

  const sync = Effect.fnUntraced(function* (whole: boolean, services: ReadonlyArray<ProxiedService>) {
    const given = new Set(services.map(({ name }) => name))
    const gone = whole ? [...state.keys()].filter((name) => !given.has(name)).map((name) => ({ name, ports: [] })) : []
    const allowed: Conntrack.Allowed = new Map()
    const changes = note([...gone, ...services], allowed)
    if (!trusted) return yield* all
    trusted = false
    yield* timed(plane.change(changes), false)
    trusted = true
    yield* Conntrack.forget(node.run, allowed, families)
  })

  const repair = Effect.gen(function* () {
    if (trusted && (yield* plane.stands)) return true
    yield* all
    return false
  })

  const remove = Effect.andThen(
    Effect.sync(() => (trusted = false)),
    plane.remove
  )

  yield* settings(node, families, podCidr)
  if (!keep) yield* Held.hold(`${node.name} ${plane.name}`, Effect.ignore(plane.remove))
  return ServiceProxy.of({
    describe: () => Effect.succeed({ name: plane.name, families }),
    sync: ({ services, whole }) => alone(sync(whole, services)),
    repair: () => alone(repair),
    connections: () =>
      Effect.map(alone(Effect.suspend(() => plane.connections([...state.values()]))), (counts) =>
        Array.from(counts, ([name, connections]) => ({ name, connections })).filter(({ connections }) => connections > 0)
      ),
    remove: () => alone(remove)
  })
})
