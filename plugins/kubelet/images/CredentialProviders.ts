/**
 * All who know logins, and what they have said: kept as long as they allow, asked again in the background when most of that time is
 * over, and asked once if many Pods want the same.
 */
import { Clock, Effect, Schema, Semaphore, type Scope } from "effect"
import { type Answer, type Description, NoCredentials, type Provider } from "../contracts/ImageCredentials.ts"
import { matches, registryOf, repositoryOf } from "../contracts/ImagePatterns.ts"
import * as Keyring from "./Keyring.ts"

/** Of the Pod, got when a provider wants it. */
export interface Account {
  readonly namespace: string
  readonly name: string
  readonly annotations: Effect.Effect<{ readonly [key: string]: string }, unknown>
  readonly token: (audience: string) => Effect.Effect<string, unknown>
}

interface Kept {
  readonly answer: Answer
  readonly until: number
  readonly renewAt: number
}
type Told = Exclude<Parameters<Provider["get"]>[0]["serviceAccount"], undefined>

/** A provider that does not answer must not keep a Pod from an image that it may not even need it for. */
const patience = "1 minute"

const failed = (image: string) => (cause: unknown) =>
  cause instanceof NoCredentials
    ? cause
    : new NoCredentials({ image, message: cause instanceof Error ? cause.message : String(cause) })

/** What it wants to know of the Pod's service account; nothing where it is not for this Pod. */
const accountFor = Effect.fnUntraced(function* ({ token: wanted }: Description, account: Account | undefined) {
  if (wanted === undefined || (account === undefined && !wanted.required)) return { for: true } as const
  if (account === undefined) return { for: false } as const
  const annotations = yield* account.annotations
  if (wanted.requiredAnnotations.some((key) => annotations[key] === undefined)) return { for: false } as const
  const wishes = new Set([...wanted.requiredAnnotations, ...wanted.optionalAnnotations])
  const { name, namespace } = account
  const told: Told = {
    namespace,
    name,
    token: yield* account.token(wanted.audience),
    annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => wishes.has(key)))
  }
  return { for: true, told } as const
})

const keyFor = (keptFor: Answer["keptFor"], image: string, { token }: Description, told: Told | undefined) => {
  const place = { Image: repositoryOf(image), Registry: registryOf(image), Global: "" }[keptFor]
  if (told === undefined) return JSON.stringify([keptFor, place])
  const { annotations, name, namespace, token: text } = told
  return JSON.stringify([keptFor, place, namespace, name, annotations, token?.keptFor === "Token" ? text : ""])
}

const one = Effect.fnUntraced(function* (name: string, provider: Provider, scope: Scope.Scope) {
  const kept = new Map<string, Kept>()
  const turns = yield* Semaphore.make(1)
  const renewing = new Set<string>()

  const find = (image: string, described: Description, told: Told | undefined, now: number) => {
    for (const keptFor of ["Image", "Registry", "Global"] as const) {
      const key = keyFor(keptFor, image, described, told)
      const found = kept.get(key)
      if (found !== undefined && found.until > now) return { ...found, key }
    }
    return undefined
  }
  const ask = Effect.fnUntraced(function* (image: string, described: Description, told: Told | undefined) {
    const answer = yield* provider.get({ image, ...(told && { serviceAccount: told }) })
    const now = yield* Clock.currentTimeMillis
    for (const [key, { until }] of kept) if (until <= now) kept.delete(key)
    if (answer.keptMillis > 0) {
      const renewAt = now + answer.keptMillis * 0.8
      kept.set(keyFor(answer.keptFor, image, described, told), { answer, until: now + answer.keptMillis, renewAt })
    }
    return answer
  })
  const answer = Effect.fnUntraced(function* (image: string, described: Description, told: Told | undefined) {
    const now = yield* Clock.currentTimeMillis
    const found = find(image, described, told, now)
    if (found === undefined) return yield* ask(image, described, told)
    if (found.renewAt <= now && !renewing.has(found.key)) {
      renewing.add(found.key)
      const renewed = Effect.ensuring(
        ask(image, described, told),
        Effect.sync(() => renewing.delete(found.key))
      )
      // What it has is still good: a renewal that fails is tried again by the next Pod.
      yield* Effect.forkIn(Effect.ignore(renewed), scope)
    }
    return found.answer
  })

  /** As keys, none if it is not for this image or this Pod. */
  return Effect.fnUntraced(
    function* (image: string, account: Account | undefined) {
      const described = yield* provider.describe()
      if (!described.images.some((pattern) => matches(pattern, image))) return []
      const wanted = yield* accountFor(described, account)
      if (!wanted.for) return []
      const { told } = wanted
      const { logins } = yield* turns.withPermit(answer(image, described, told))
      const source: Keyring.Source =
        told === undefined ? {} : { serviceAccount: { namespace: told.namespace, name: told.name } }
      return Object.entries(logins).map(([pattern, login]) => Keyring.key(pattern, login, source))
    },
    (effect, image) => Effect.mapError(Effect.timeout(effect, patience), failed(image)),
    Effect.mapError(({ message }) => new ProviderFailed({ provider: name, message }))
  )
})

/** The text of the event that the Pod gets. */
export class ProviderFailed extends Schema.TaggedError<ProviderFailed>()("ProviderFailed", {
  provider: Schema.String,
  message: Schema.String
}) {}

type Get = Effect.Success<ReturnType<typeof one>>

export const make = () => {
  const all = new Map<string, Get>()
  return {
    /** Until the scope closes. Another of the same name takes its place. */
    add: Effect.fnUntraced(function* (name: string, provider: Provider) {
      const scope = yield* Effect.scope
      const get = yield* one(name, provider, scope)
      all.set(name, get)
      yield* Effect.addFinalizer(() => Effect.sync(() => all.get(name) === get && all.delete(name)))
    }),
    /** From each of them its logins, or why it has none. */
    ask: (image: string, account: Account | undefined) =>
      Effect.forEach([...all.values()], (get) => Effect.result(get(image, account)), { concurrency: "unbounded" })
  }
}
export type CredentialProviders = ReturnType<typeof make>
