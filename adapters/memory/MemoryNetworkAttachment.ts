/** A network without links: addresses are given from ranges and taken back. */
import { Effect, Layer } from "effect"
import { NetworkAttachment, NetworkFull, NotAttached } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"

export interface Range {
  /** Of the addresses: `10.0.0.`, `fd00::`. A number from 2 on follows. */
  readonly prefix: string
  readonly size: number
}

interface Attachment {
  readonly runtime: string
  readonly numbers: ReadonlyArray<number>
}

const network = "memory"
const addressOf = ({ prefix }: Range, number: number) => `${prefix}${number.toString(prefix.includes(":") ? 16 : 10)}`

const keyOf = (of: { readonly pod: string; readonly interface?: string }) => `${of.pod} ${of.interface ?? "eth0"}`

export const layer = (ranges: ReadonlyArray<Range> = [{ prefix: "10.0.0.", size: 253 }]) =>
  Layer.sync(NetworkAttachment, () => {
    const given = new Map<string, Attachment>()
    const addresses = ({ numbers }: Attachment) => ranges.map((range, index) => addressOf(range, numbers[index] ?? 0))

    /** One of each range, or the range that has none left. */
    const take = () =>
      Effect.forEach(ranges, (range, index) => {
        const taken = new Set(Array.from(given.values(), ({ numbers }) => numbers[index]))
        for (let number = 2; number < range.size + 2; number++) if (!taken.has(number)) return Effect.succeed(number)
        return Effect.fail(new NetworkFull({ network, range: `${range.prefix}*`, size: range.size, used: taken.size }))
      })
    const attach = Effect.fnUntraced(function* (of: Parameters<NetworkAttachment["Service"]["attach"]>[0]) {
      const found = given.get(keyOf(of))
      if (found !== undefined) return { addresses: addresses(found) }
      const made = { runtime: of.runtime, numbers: yield* take() }
      given.set(keyOf(of), made)
      return { addresses: addresses(made) }
    })

    return NetworkAttachment.of({
      attach,
      detach: (of) => Effect.sync(() => void given.delete(keyOf(of))),
      check: (of) =>
        Effect.suspend(() =>
          given.has(keyOf(of))
            ? Effect.void
            : Effect.fail(new NotAttached({ network, pod: of.pod, message: `${of.pod} has no address` }))
        ),
      status: () => Effect.succeed({ ready: true, limited: false, message: "" }),
      gc: ({ runtime, valid }) =>
        Effect.sync(() => {
          const keep = new Set(valid.map(keyOf))
          for (const [key, of] of given) if (of.runtime === runtime && !keep.has(key)) given.delete(key)
        })
    })
  })
