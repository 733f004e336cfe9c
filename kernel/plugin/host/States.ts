/** What a host tells of its plugins: how each is, and how it died last. */
import { Clock, Effect, SubscriptionRef } from "effect"
import type { Death, State } from "../Plugin.ts"
import { label, type Ready } from "./Run.ts"

export const make = Effect.gen(function* () {
  const states = yield* SubscriptionRef.make<ReadonlyArray<State>>([])
  const deaths = new Map<string, Death>()
  const forget = (name: string) => {
    deaths.delete(name)
    return SubscriptionRef.update(states, (all) => all.filter((state) => state.name !== name))
  }
  const died = (name: string, reason: string) =>
    Effect.map(Clock.currentTimeMillis, (at) => void deaths.set(name, { reason, at }))
  const tell = Effect.fnUntraced(function* (plugin: Ready, state: State["state"], restarts = 0, reason?: string) {
    const { isolation, name, offers } = plugin
    const since = yield* Clock.currentTimeMillis
    const lastDeath = deaths.get(name)
    const told = {
      name,
      state,
      restarts,
      isolation,
      offers: offers.map(label),
      since,
      ...(lastDeath !== undefined && { lastDeath }),
      ...(reason !== undefined && { reason })
    }
    yield* SubscriptionRef.update(states, (all) =>
      [...all.filter((other) => other.name !== name), told].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    )
  })

  return { states, tell, forget, died }
})
