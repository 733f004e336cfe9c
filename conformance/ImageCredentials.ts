/** The checks of the laws of `ImageCredentials`: with an image as the provider's own patterns have them. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { ImageCredentials } from "../plugins/kubelet/contracts/ImageCredentials.ts"
import { matches } from "../plugins/kubelet/contracts/ImagePatterns.ts"
import * as Suite from "./Suite.ts"

type Service = ImageCredentials["Service"]

/** An image of a registry that the pattern is for. */
const imageOf = (pattern: string) => {
  const name = pattern.replaceAll("*", "laws")
  return `${name}${name.includes("/") ? "" : "/team"}/laws:1`
}
const serviceAccount = { namespace: "default", name: "default", token: "laws", annotations: {} }

interface Use {
  readonly image: string
  readonly service: Service
}
const use = Effect.gen(function* () {
  const service = yield* ImageCredentials
  const { images } = yield* service.describe()
  return { service, image: imageOf(images[0] ?? "") }
})

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Suite.inTime(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

const ask = ({ image, service }: Use) => service.get({ image, serviceAccount })
const sound = (logins: { readonly [pattern: string]: { readonly password?: string; readonly identityToken?: string } }) => {
  const all = Object.values(logins)
  assert.notEqual(all.length, 0, "it gave no login")
  for (const { identityToken = "", password = "" } of all)
    assert.notEqual(`${password}${identityToken}`, "", "a login without a password")
}
let turn = 0

export const suite = Suite.make(ImageCredentials, {
  "describe/images": check(
    function* ({ service }) {
      const described = yield* service.describe()
      assert.ok(described.images.length > 0, "it names no images")
      assert.deepEqual(yield* service.describe(), described)
    },
    ({ describe }) => ({
      describe: () => Effect.map(describe(), (all) => ({ ...all, images: [...all.images, `${turn++}`] }))
    })
  ),
  "get/own": check(
    function* (use) {
      const { keptMillis, logins } = yield* ask(use)
      sound(logins)
      assert.ok(keptMillis >= 0)
      for (const pattern of Object.keys(logins)) assert.ok(matches(pattern, use.image), `${pattern} is not for ${use.image}`)
    },
    ({ get }) => ({
      get: (of) =>
        Effect.map(get(of), (answer) => ({ ...answer, logins: { "else.invalid": { username: "u", password: "p" } } }))
    })
  ),
  "get/again": check(
    function* (use) {
      sound((yield* ask(use)).logins)
      sound((yield* ask(use)).logins)
    },
    ({ get }) => ({
      get: (of) => (turn++ % 2 === 1 ? Effect.map(get(of), (answer) => ({ ...answer, logins: {} })) : get(of))
    })
  ),
  "get/at-once": check(
    function* (use) {
      const all = yield* Effect.forEach(Array.from({ length: 16 }), () => ask(use), { concurrency: "unbounded" })
      for (const { logins } of all) sound(logins)
    },
    ({ get }) => ({ get: (of) => Effect.map(get(of), (answer) => (turn++ % 3 === 0 ? { ...answer, logins: {} } : answer)) })
  )
})
