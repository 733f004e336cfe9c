/**
 * What a plugin of this process has of contracts that the process itself knows as relays alone: at its end they are read, as they are
 * at the far end of a wire.
 */
import { Effect, Layer } from "effect"
import { isRelay } from "../Relay.ts"
import { type AnyContract, type AnyPlugin, clientAt, serverAt } from "./Guest.ts"
import * as Pair from "./Pair.ts"

/** What is there as `from`, as `to`: one of them is a relay of the other. */
const between = (from: AnyContract, to: AnyContract) =>
  Layer.unwrap(
    Effect.sync(() => {
      const { far, near } = Pair.make()
      return Layer.provide(clientAt(to, near), serverAt(from, far))
    })
  )

const relayed = (relays: ReadonlyArray<AnyContract>, own: ReadonlyArray<AnyContract>) =>
  relays.filter(isRelay).flatMap((relay) => {
    const found = own.find(({ key }) => key === relay.key)
    return found === undefined ? [] : [{ relay, own: found }]
  })

/** The plugin, as those want it who know what it offers as `offers`, and have what it needs as `needs`. */
export const layer = (
  { layer, needs: ownNeeds, offers: ownOffers }: AnyPlugin,
  { needs, offers }: { readonly needs: ReadonlyArray<AnyContract>; readonly offers: ReadonlyArray<AnyContract> }
) => {
  const given = relayed(needs, ownNeeds).map(({ own, relay }) => between(relay, own))
  const made = relayed(offers, ownOffers).map(({ own, relay }) => between(own, relay))
  const inside = given.length === 0 ? layer : Layer.provide(layer, Layer.mergeAll(Layer.empty, ...given))
  return made.length === 0 ? inside : Layer.provideMerge(Layer.mergeAll(Layer.empty, ...made), inside)
}
