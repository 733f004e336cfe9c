/** Encryption of what is stored: the Layer around a log, and what administrators ask of it. */
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { type Entry, Log, type LogName } from "../../kernel/store/Log.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import * as DataKeys from "./DataKeys.ts"
import { type Rule, wrap } from "./EncryptedLog.ts"
import * as Handover from "./Handover.ts"
import * as KeyringFile from "./KeyringFile.ts"
import * as Rotation from "./Rotation.ts"

export type { Rule } from "./EncryptedLog.ts"
export type { Provider } from "./DataKeys.ts"

export interface Options {
  /** Those that entries may be encrypted by, whether they are used for new ones or not. */
  readonly providers: ReadonlyArray<DataKeys.Provider>
  /** For a resource the first that covers it counts. */
  readonly rules: ReadonlyArray<Rule>
  /** Behind the provider of its name: the one whose keys are made here. */
  readonly keyring: { readonly provider: string; readonly ring: KeyringFile.Keyring }
  /** Whether this process brings what is stored otherwise under the rules, and retires keys. One of a machine does. */
  readonly maintains: boolean
}

export interface KeyStatus {
  readonly provider: string
  readonly keyId: string
  /** `current` encrypts; `old` is still needed; `retired` is needed for older snapshots alone. */
  readonly state: "current" | "old" | "retired"
  readonly made: string
}

export interface Status {
  readonly providers: ReadonlyArray<{ readonly name: string; readonly health: string; readonly keyId: string }>
  readonly keys: ReadonlyArray<KeyStatus>
  readonly counts: ReadonlyArray<Rotation.Count>
}

export interface Rotated extends Rotation.Rewritten {
  /** The key of the keyring that was made, if it encrypts something. */
  readonly keyId: string
}

/** The keyring's file is not what it was. */
export class RotationFailed extends Schema.TaggedError<RotationFailed>()("RotationFailed", { message: Schema.String }) {}

export interface Encryption {
  readonly status: Effect.Effect<Status, Unavailable>
  /** A new key where keys are made here, and every object under the keys of now. */
  readonly rotate: Effect.Effect<Rotated, Unavailable | RotationFailed>
  /** What is really stored. */
  readonly stored: Log["Service"]
}

/** Nothing where nothing is encrypted. */
export const Encryption = Context.Reference<Encryption | undefined>("encryption/Encryption", {
  defaultValue: () => undefined
})

const failed = (error: unknown) =>
  error instanceof Unavailable ? error : new RotationFailed({ message: error instanceof Error ? error.message : `${error}` })

/** How long the other servers have to hear of a new key before everything is written with it. */
const grace = "1 second"

const make = Effect.fnUntraced(function* (inner: Log["Service"], options: Options) {
  const { keyring, maintains, providers, rules } = options
  const { ring } = keyring
  const dataKeys = yield* DataKeys.make(providers)
  const writers = providers.filter((provider) => rules.some(({ writes }) => writes === provider))
  const ours = writers.filter(({ name }) => name === keyring.provider)

  const adopt = Effect.fnUntraced(function* (key: KeyringFile.Key) {
    yield* ring.add(key)
    const stale = ours.filter((one) => dataKeys.writing(one)?.keyId !== ring.keys()[0]?.id)
    if (stale.length === 0) return
    yield* Effect.forEach(stale, dataKeys.renew, { discard: true })
    yield* Effect.logInfo(`the store's key is now ${key.id}`)
  })
  const reserved = (log: LogName, entry: Entry) => {
    const key = Handover.isHandover(log, entry) ? Handover.taken(entry, ring.keys()) : undefined
    // At the start it has been taken long since.
    if (key === undefined || ring.keys().some(({ id, retired }) => id === key.id && retired !== undefined))
      return Effect.void
    return Effect.catch(adopt(key), (error) => Effect.logError(`the key ${key.id} could not be kept`, error))
  }
  const log = wrap(inner, { dataKeys, rules, reserved })
  const site = { dataKeys, rules }

  const status = Effect.gen(function* () {
    const counts = yield* Rotation.counts(inner, rules)
    const keys = ring.keys().map(({ id, made, retired }, index): KeyStatus => {
      const state = index === 0 ? "current" : retired === undefined ? "old" : "retired"
      return { provider: keyring.provider, keyId: id, state, made }
    })
    return {
      providers: writers.map((one) => ({
        name: one.name,
        health: dataKeys.health(one),
        keyId: dataKeys.writing(one)?.keyId ?? ""
      })),
      keys,
      counts
    }
  })

  const rotate = Effect.gen(function* () {
    for (const provider of writers) if (!ours.includes(provider)) yield* dataKeys.poll(provider)
    const key = yield* KeyringFile.fresh
    if (ours.length > 0) {
      yield* Handover.offer(inner, key, ring.keys())
      yield* adopt(key)
      yield* Effect.sleep(grace)
    }
    const rewritten = yield* Rotation.rewrite(inner, log, site)
    return { ...rewritten, keyId: ours.length > 0 ? key.id : "" }
  }).pipe(Effect.mapError(failed), Effect.withSpan("Encryption.rotate"))

  /** Keys that nothing that is kept needs any more, not even its history. */
  const retire = Effect.gen(function* () {
    const old = ring.keys().filter(({ retired }, index) => index > 0 && retired === undefined)
    if (old.length === 0) return
    const counts = yield* Rotation.counts(inner, rules)
    const needed = new Set(counts.filter(({ history, objects }) => history + objects > 0).map(({ keyId }) => keyId))
    const done = old.filter(({ id }) => !needed.has(id)).map(({ id }) => id)
    if (done.length === 0) return
    yield* ring.retire(done)
    if (done.length === old.length) yield* Handover.withdraw(inner)
    yield* Effect.logInfo(`nothing in the store needs the key ${done.join(", ")} any more: retired`)
  })

  const maintain = Effect.gen(function* () {
    const { left, objects } = yield* Rotation.rewrite(inner, log, site)
    if (objects > 0) yield* Effect.logInfo(`${objects} objects were stored otherwise than configured, and are written again`)
    for (const key of left) {
      yield* Effect.logError(
        `the object ${key} stays as it is stored: it cannot be decrypted, or is too large to be encrypted`
      )
    }
    yield* Effect.repeat(retire, Schedule.spaced("1 minute"))
  }).pipe(
    Effect.tapError((error) => Effect.logWarning("the keys of the store were not looked after; again in a minute", error)),
    Effect.retry(Schedule.spaced("1 minute"))
  )

  // Without a data key nothing can be written: a key provider that does not answer yet is waited for.
  yield* Effect.forEach(
    writers,
    (provider) =>
      dataKeys.renew(provider).pipe(
        Effect.tapError((error) => Effect.logWarning(`waiting for the key provider ${provider.name}`, error)),
        Effect.retry(Schedule.spaced("2 seconds"))
      ),
    { discard: true }
  )
  yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(Effect.sleep("1 minute"), Effect.forEach(writers, dataKeys.poll, { discard: true })))
  )
  // The start has more urgent things to do.
  if (maintains) yield* Effect.forkScoped(Effect.delay(maintain, "3 seconds"))
  return { log, encryption: { status, rotate, stored: inner } satisfies Encryption }
})

/** In place of a log, the same log with encryption. */
export const layer = (options: Options): Layer.Layer<Log, Unavailable, Log> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { encryption, log } = yield* make(yield* Log, options)
      return Context.empty().pipe(Context.add(Log, log), Context.add(Encryption, encryption))
    })
  )
