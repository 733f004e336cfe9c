/** What is kept of what providers say, and when they are asked again. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { type Answer, NoCredentials, type Provider } from "../../plugins/kubelet/contracts/ImageCredentials.ts"
import * as CredentialProviders from "../../plugins/kubelet/images/CredentialProviders.ts"

const image = "r.example/a:1"
const minute = 60_000

/** Counts how often it was asked; each login is a new one. */
const counting = (keptFor: Answer["keptFor"], keptMillis: number, more: object = {}) => {
  const asked: Array<string> = []
  const state = { fails: false }
  const provider: Provider = {
    describe: () => Effect.succeed({ name: "p", images: ["*.example"], ...more }),
    get: ({ image, serviceAccount }) =>
      Effect.suspend(() => {
        if (state.fails) return Effect.fail(new NoCredentials({ image, message: "the vault is closed" }))
        asked.push(serviceAccount === undefined ? image : `${image} ${serviceAccount.name} ${serviceAccount.token}`)
        return Effect.succeed({
          logins: { "*.example": { username: "u", password: `${asked.length}` } },
          keptFor,
          keptMillis
        })
      })
  }
  return { asked, provider, state }
}

const using = (provider: Provider) =>
  Effect.gen(function* () {
    const providers = CredentialProviders.make()
    yield* providers.add("p", provider)
    const ask = (image: string, account?: CredentialProviders.Account) =>
      Effect.map(providers.ask(image, account), (answers) =>
        answers.map((answer) =>
          Result.isSuccess(answer)
            ? answer.success.map(({ credentials }) => credentials.password).join()
            : answer.failure.message
        )
      )
    return ask
  })

it.effect("an answer is kept for what it is for, as long as it is good", () =>
  Effect.gen(function* () {
    const { asked, provider } = counting("Registry", minute)
    const ask = yield* using(provider)
    assert.deepStrictEqual(yield* ask(image), ["1"])
    assert.deepStrictEqual(yield* ask("r.example/b:1"), ["1"])
    assert.deepStrictEqual(yield* ask("other.example/a"), ["2"])
    assert.deepStrictEqual(yield* ask("elsewhere.invalid/a"), [""])
    yield* TestClock.adjust(minute)
    assert.deepStrictEqual(yield* ask(image), ["3"])
    assert.strictEqual(asked.length, 3)
  })
)

it.effect("many at once ask once", () =>
  Effect.gen(function* () {
    const { asked, provider } = counting("Global", minute)
    const ask = yield* using({ ...provider, get: (of) => Effect.andThen(Effect.yieldNow, provider.get(of)) })
    const all = yield* Effect.forEach(Array.from({ length: 50 }), () => ask(image), { concurrency: "unbounded" })
    assert.deepStrictEqual(new Set(all.flat()), new Set(["1"]))
    assert.strictEqual(asked.length, 1)
  })
)

it.effect("it is renewed before its end, and is good until then if that fails", () =>
  Effect.gen(function* () {
    const { provider, state } = counting("Image", 10 * minute)
    const ask = yield* using(provider)
    yield* ask(image)
    yield* TestClock.adjust(8 * minute)
    assert.deepStrictEqual(yield* ask(image), ["1"])
    yield* TestClock.adjust(1)
    assert.deepStrictEqual(yield* ask(image), ["2"])
    state.fails = true
    yield* TestClock.adjust(9 * minute)
    assert.deepStrictEqual(yield* ask(image), ["2"])
    yield* TestClock.adjust(minute)
    assert.deepStrictEqual(yield* ask(image), ["the vault is closed"])
  })
)

it.effect("what is not kept is asked for each time; what does not answer is told", () =>
  Effect.gen(function* () {
    const { asked, provider } = counting("Image", 0)
    const ask = yield* using(provider)
    yield* Effect.andThen(ask(image), ask(image))
    assert.strictEqual(asked.length, 2)
    const hung = yield* using({ ...provider, get: () => Effect.never })
    const waiting = yield* Effect.forkChild(hung(image))
    yield* TestClock.adjust(minute)
    assert.match((yield* Fiber.join(waiting)).join(), /timed out|TimeoutE/i)
  })
)

it.effect("tokens of service accounts, for those accounts that have what it wants", () =>
  Effect.gen(function* () {
    const token = {
      audience: "vault",
      required: true,
      requiredAnnotations: ["vault/role"],
      optionalAnnotations: [],
      keptFor: "ServiceAccount"
    }
    const { asked, provider } = counting("Image", minute, { token })
    const ask = yield* using(provider)
    let turn = 0
    const account = (name: string, annotations: { readonly [key: string]: string }) => ({
      namespace: "shop",
      name,
      annotations: Effect.succeed(annotations),
      token: (audience: string) => Effect.sync(() => `${audience}${turn++}`)
    })
    const role = { "vault/role": "reader" }
    assert.deepStrictEqual(yield* ask(image), [""])
    assert.deepStrictEqual(yield* ask(image, account("plain", {})), [""])
    assert.deepStrictEqual(yield* ask(image, account("a", role)), ["1"])
    assert.deepStrictEqual(yield* ask(image, account("a", role)), ["1"])
    assert.deepStrictEqual(yield* ask(image, account("b", role)), ["2"])
    assert.deepStrictEqual(asked, [`${image} a vault0`, `${image} b vault2`])
  })
)
