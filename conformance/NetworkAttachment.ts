/** The checks of the laws of `NetworkAttachment`. They attach Pods of their own, each with a namespace of its own name. */
import { Effect, Random } from "effect"
import assert from "node:assert/strict"
import { NetworkAttachment } from "../plugins/kubelet/contracts/NetworkAttachment.ts"
import * as Suite from "./Suite.ts"

type Service = NetworkAttachment["Service"]

/** More Pods than any node's range has addresses, if none is given again. */
const many = 300

const use = Effect.gen(function* () {
  const network = yield* NetworkAttachment
  const pod = `law-${yield* Random.nextInt}`
  const given = { pod, namespace: `/run/netns/${pod}` }
  yield* Effect.addFinalizer(() => Effect.ignore(network.detach(given)))
  return { network, given, attach: network.attach({ ...given, ports: [] }) }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

export const suite = Suite.make(NetworkAttachment, {
  "attach/again": check(
    function* ({ attach }) {
      assert.deepEqual(yield* attach, yield* attach)
    },
    ({ attach }) => ({
      attach: (of) => Effect.flatMap(Random.nextInt, (number) => attach({ ...of, pod: `${of.pod}-${number}` }))
    })
  ),
  "detach/again": check(
    function* ({ attach, given, network }) {
      yield* attach
      yield* network.detach(given)
      yield* network.detach(given)
    },
    ({ detach }) => {
      const gone = new Set<string>()
      return {
        detach: (of) =>
          Effect.suspend(() => (gone.size < gone.add(of.pod).size ? detach(of) : Effect.die("no such attachment")))
      }
    }
  ),
  "detach/frees": check(
    function* ({ given, network }) {
      for (let number = 0; number < many; number++) {
        const one = { ...given, pod: `${given.pod}-${number}` }
        yield* network.attach({ ...one, ports: [] })
        yield* network.detach(one)
      }
    },
    () => ({ detach: () => Effect.void })
  )
})
