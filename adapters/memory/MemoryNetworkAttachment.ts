/** A network without links: addresses are given from a range and taken back. */
import { Effect, Layer } from "effect"
import { NetworkAttachment, NetworkFull } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"

/** `range`: the first three numbers of the addresses. */
export const layer = (range = "10.0.0") =>
  Layer.sync(NetworkAttachment, () => {
    const given = new Map<string, string>()
    const free = () => {
      const taken = new Set(given.values())
      return Array.from({ length: 253 }, (_, index) => `${range}.${index + 2}`).find((address) => !taken.has(address))
    }
    return NetworkAttachment.of({
      attach: ({ pod }) =>
        Effect.suspend(() => {
          const address = given.get(pod) ?? free()
          if (address === undefined) return Effect.fail(new NetworkFull({ network: range }))
          given.set(pod, address)
          return Effect.succeed({ addresses: [address] })
        }),
      detach: ({ pod }) => Effect.sync(() => void given.delete(pod))
    })
  })
