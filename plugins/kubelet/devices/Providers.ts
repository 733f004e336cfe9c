/**
 * Who has devices on this node, and which: one for each resource. One that does not answer any more has none that could be given; what it
 * had still counts for a while, so that a node does not change because a plugin is being renewed.
 */
import { Clock, Effect, Latch, Stream } from "effect"
import type { Device, NodeDevices, Provider } from "../contracts/NodeDevices.ts"

type About = Effect.Success<ReturnType<NodeDevices["Service"]["describe"]>>

export interface Entry {
  readonly about: About
  readonly provider: Provider
  devices: ReadonlyMap<string, Device>
  /** When it ceased to answer. */
  stoppedAt: number | undefined
}

/** How long what one had still counts, milliseconds. Source: endpointStopGracePeriod of the kubelet. */
const grace = 5 * 60_000

const sick = (devices: ReadonlyMap<string, Device>) =>
  new Map([...devices].map(([id, device]) => [id, { ...device, healthy: false }]))

export const make = () => {
  const all = new Map<string, Entry>()
  const hearers = new Set<Latch.Latch>()
  const tell = () => {
    for (const latch of hearers) latch.openUnsafe()
  }

  const follow = Effect.fnUntraced(function* (entry: Entry) {
    const told = Stream.runForEach(entry.provider.devices(), (devices) =>
      Effect.sync(() => {
        entry.devices = new Map(devices.map((device) => [device.id, device]))
        entry.stoppedAt = undefined
        tell()
      })
    )
    const stopped = Effect.map(Clock.currentTimeMillis, (now) => {
      entry.devices = sick(entry.devices)
      entry.stoppedAt ??= now
      tell()
    })
    const once = Effect.tapError(told, (error) =>
      Effect.logDebug(`the devices ${entry.about.resource} are not told of`, error)
    )
    // One in an isolate that is started again answers again.
    yield* Effect.ignore(once).pipe(Effect.andThen(stopped), Effect.andThen(Effect.sleep("1 second")), Effect.forever)
  })

  return {
    get: (resource: string) => all.get(resource),
    all: (): ReadonlyMap<string, Entry> => all,
    /** Opened whenever devices have changed. */
    changed: Effect.acquireRelease(
      Effect.sync(() => {
        const latch = Latch.makeUnsafe(all.size > 0)
        hearers.add(latch)
        return latch
      }),
      (latch) => Effect.sync(() => hearers.delete(latch))
    ),
    /** Until the scope closes. Another with the same resource takes its place. */
    add: Effect.fnUntraced(function* (provider: Provider) {
      const about = yield* provider.describe()
      // Who follows another has the same devices, as a rule, and says so at once.
      const devices = all.get(about.resource)?.devices ?? new Map<string, Device>()
      const entry: Entry = { about, provider, devices, stoppedAt: undefined }
      all.set(about.resource, entry)
      yield* Effect.addFinalizer(() =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          entry.devices = sick(entry.devices)
          entry.stoppedAt ??= now
          tell()
        })
      )
      yield* Effect.forkScoped(follow(entry))
      return entry
    }),
    /** What is gone for longer than it counts is forgotten. */
    forget: (now: number) => {
      for (const [resource, { stoppedAt }] of all) {
        if (stoppedAt !== undefined && now - stoppedAt > grace) all.delete(resource)
      }
    }
  }
}
export type Providers = ReturnType<typeof make>

export const healthy = ({ devices }: Pick<Entry, "devices">) =>
  new Set([...devices.values()].flatMap(({ healthy, id }) => (healthy ? [id] : [])))
