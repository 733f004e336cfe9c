/**
 * The keys that entries are encrypted with: one for each provider and start of a server, made here, encrypted by the provider, and
 * stored with every entry in that form. The provider is asked at the start, when its own key has changed, and once for each data key
 * of others that is met: never for a write.
 */
import { Duration, Effect, Predicate, Schedule } from "effect"
import { type KeyObject, randomBytes } from "node:crypto"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { KeyManagement, Undecipherable } from "./contracts/KeyManagement.ts"
import * as Metrics from "./Metrics.ts"
import * as Sealed from "./Sealed.ts"

/** `name` stands in every entry that it encrypts: it cannot be changed later. */
export interface Provider {
  readonly name: string
  readonly keys: KeyManagement["Service"]
}

export interface Writing {
  readonly header: string
  readonly dataKey: KeyObject
  readonly keyId: string
}

/** A data key, or why there is none. */
export type Known = KeyObject | { readonly reason: string }

export const unavailable = (cause: unknown) => new Unavailable({ contract: "kernel/Log", applied: "no", cause })

const size = 32
/** So many data keys of others are remembered. */
const most = 10_000
/** A key service that fails may do so for a moment, and a key that is new may not have come here yet. */
const again = { schedule: Schedule.spaced("500 millis"), times: 5 }

export const make = Effect.fnUntraced(function* (providers: ReadonlyArray<Provider>) {
  const metrics = yield* Metrics.make
  const known = new Map<string, Known>()
  const writing = new Map<Provider, Writing>()
  const health = new Map<Provider, string>()

  const timed = <A, E, R>(provider: Provider, method: string, call: Effect.Effect<A, E, R>) =>
    Effect.flatMap(Effect.timed(call), ([duration, answer]) =>
      Effect.as(metrics.asked(provider.name, method, Duration.toSeconds(duration)), answer)
    )

  /** A new data key for what is written from now on. */
  const renew = Effect.fn("DataKeys.renew")(function* (provider: Provider) {
    const plaintext = new Uint8Array(randomBytes(size))
    const dataKey = Sealed.dataKeyOf(plaintext)
    const uid = randomBytes(8).toString("hex")
    const encrypted = yield* timed(provider, "encrypt", provider.keys.encrypt({ plaintext, uid }))
    const header = Sealed.header({ provider: provider.name, ...encrypted })
    known.set(header, dataKey)
    writing.set(provider, { header, dataKey, keyId: encrypted.keyId })
    health.set(provider, "ok")
  })

  /** Whether the provider encrypts with another key than it did. */
  const check = Effect.fnUntraced(function* (provider: Provider) {
    const { healthz, keyId } = yield* timed(provider, "status", provider.keys.status())
    const before = health.get(provider)
    health.set(provider, healthz)
    if (healthz !== "ok" && before !== healthz)
      yield* Effect.logWarning(`the key provider ${provider.name} is not well: ${healthz}`)
    if (healthz !== "ok" || writing.get(provider)?.keyId === keyId) return
    yield* renew(provider)
    yield* Effect.logInfo(
      `the key provider ${provider.name} has a new key, ${keyId}: what is written from now on is encrypted with it`
    )
  })
  const poll = (provider: Provider) =>
    Effect.catch(check(provider), (error) =>
      Effect.suspend(() => {
        const was = health.get(provider)
        health.set(provider, error.message)
        return was === "ok" ? Effect.logWarning(`the key provider ${provider.name} does not answer`, error) : Effect.void
      })
    )

  const decrypt = Effect.fnUntraced(function* (header: string): Effect.fn.Return<Known, Unavailable> {
    const about = Sealed.about(header)
    if (about === undefined) return { reason: "the head of what is stored is broken" }
    const able = providers.filter(({ name }) => name === about.provider)
    let reason = `it is encrypted by the provider ${JSON.stringify(about.provider)}, which is not configured`
    for (const provider of able) {
      const uid = randomBytes(8).toString("hex")
      const call = timed(provider, "decrypt", provider.keys.decrypt({ ...about, uid })).pipe(
        Effect.retry({ ...again, while: (error: Undecipherable | Unavailable) => error._tag === "Undecipherable" }),
        Effect.catchTag("Undecipherable", (error) => Effect.succeed({ reason: `${about.provider}: ${error.message}` })),
        Effect.mapError((error) => unavailable(error))
      )
      const found = yield* call
      if (Predicate.hasProperty(found, "reason")) reason = found.reason
      else if (found.length === size) return Sealed.dataKeyOf(found)
      else reason = `${about.provider} has given a data key of ${found.length} bytes`
    }
    return { reason }
  })

  return {
    metrics,
    /** Of the provider that writes; there is one once it was renewed. */
    writing: (provider: Provider) => writing.get(provider),
    known: (header: string) => known.get(header),
    /** Asks for the data keys that are not known yet. What cannot be had is known for a while too. */
    resolve: (headers: Iterable<string>) =>
      Effect.forEach(
        headers,
        (header) =>
          Effect.gen(function* () {
            const found = yield* decrypt(header)
            if (known.size > most) known.clear()
            known.set(header, found)
            yield* metrics.missed
            if ("reason" in found)
              yield* Effect.forkDetach(
                Effect.delay(
                  Effect.sync(() => known.delete(header)),
                  "10 seconds"
                )
              )
          }),
        { concurrency: 8, discard: true }
      ),
    renew,
    poll,
    health: (provider: Provider) => health.get(provider) ?? "ok"
  }
})
export type DataKeys = Effect.Success<ReturnType<typeof make>>
