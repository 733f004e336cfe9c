/** The checks of the laws of `Images`. They ask for the image `busybox`, which has to be there. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { Images } from "../plugins/kubelet/contracts/Images.ts"
import * as Suite from "./Suite.ts"

type Service = Images["Service"]

const check = (
  holds: (images: Service) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.flatMap(Images, Effect.fnUntraced(holds)), saboteur })

/** Of a registry that cannot be: `.invalid` is reserved for that. */
const nowhere = "registry.invalid/no/such:image"

export const suite = Suite.make(Images, {
  "find/absent": check(
    function* ({ find }) {
      assert.equal(yield* find({ image: nowhere }), null)
    },
    ({ find }) => ({ find: () => find({ image: "busybox" }) })
  ),
  "find/listed": check(
    function* ({ find, list }) {
      const found = yield* find({ image: "busybox" })
      assert.ok(found !== null)
      assert.equal((yield* find({ image: found.id }))?.id, found.id)
      assert.ok((yield* list()).some(({ id }) => id === found.id))
    },
    () => ({ list: () => Effect.succeed([]) })
  ),
  "pull/missing": check(
    function* ({ find, pull }) {
      const refused = yield* Effect.flip(pull({ image: nowhere }))
      assert.ok(refused._tag === "ImageMissing" || refused._tag === "PullFailed")
      assert.equal(yield* find({ image: nowhere }), null)
    },
    () => ({ pull: ({ image }) => Effect.succeed(image) })
  )
})
