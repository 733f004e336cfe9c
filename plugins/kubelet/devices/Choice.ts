/** Which devices a container gets. The messages are those of upstream's kubelet. */
import { Effect, Schema } from "effect"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { DevicesRefused } from "../contracts/NodeDevices.ts"
import { type Entry, healthy } from "./Providers.ts"

/** Why a Pod does not get its devices. */
export class NoDevices extends Schema.TaggedError<NoDevices>()("NoDevices", { message: Schema.String }) {}

export interface Wish {
  readonly uid: string
  readonly container: string
  readonly resource: string
  readonly count: number
}

interface Situation {
  readonly wish: Wish
  readonly entry: Entry | undefined
  /** What the container has already, if it was given any. */
  readonly had: ReadonlySet<string> | undefined
  /** What has a holder, those that can be used again too. */
  readonly taken: ReadonlySet<string>
  /** What init containers of the same Pod had and will not need any more. */
  readonly reusable: ReadonlySet<string>
}

export const words = (error: DevicesRefused | Unavailable) => error.message

const refuse = (message: string) => Effect.fail(new NoDevices({ message }))

const preferred = Effect.fnUntraced(function* (
  { about, provider }: Entry,
  free: ReadonlySet<string>,
  chosen: ReadonlySet<string>,
  size: number
) {
  if (!about.prefers) return new Set<string>()
  const asked = { available: [...free, ...chosen], mustInclude: [...chosen], size }
  const ids = yield* Effect.mapError(provider.prefer(asked), (error) => {
    const message = `device plugin GetPreferredAllocation rpc failed with err: ${words(error)}`
    return new NoDevices({ message })
  })
  return new Set(ids).intersection(free)
})

/** None, if it has what it wants. */
export const choose = Effect.fnUntraced(function* ({ entry, had, reusable, taken, wish }: Situation) {
  const { container, count, resource, uid } = wish
  if (had !== undefined && had.size !== count) {
    return yield* refuse(
      `pod "${uid}" container "${container}" changed request for resource "${resource}" from ${had.size} to ${count}`
    )
  }
  if (entry === undefined) return yield* refuse(`cannot allocate unregistered device ${resource}`)
  const sound = healthy(entry)
  if (sound.size === 0) {
    return yield* refuse(`no healthy devices present; cannot allocate unhealthy devices ${resource}`)
  }
  if (had !== undefined) {
    const isSound = had.isSubsetOf(sound)
    const message = `previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${resource}`
    return isSound ? [] : yield* refuse(message)
  }
  const chosen = new Set<string>()
  const takeFrom = (devices: ReadonlySet<string>) => {
    for (const id of devices) {
      if (chosen.size === count) return
      chosen.add(id)
    }
  }
  takeFrom(reusable)
  const free = sound.difference(taken)
  const missing = count - chosen.size
  if (free.size < missing) {
    return yield* refuse(
      `requested number of devices unavailable for ${resource}. Requested: ${missing}, Available: ${free.size}`
    )
  }
  if (missing > 0) {
    takeFrom(yield* preferred(entry, free, chosen, count))
    takeFrom(free)
  }
  return [...chosen]
})
