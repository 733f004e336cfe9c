/**
 * The places where policy plugins hang: authentication (at the door), authorization and admission. Registries: they take
 * functions and are local to the server's isolate. Order is named by their owner, `order`, and never by who came first.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { Unavailable } from "../plugin/Contract.ts"
import type { ApiError } from "../client/Errors.ts"
import type { WireObject } from "../client/Api.ts"
import type * as Kind from "../resource/Kind.ts"
import type { Attributes, User } from "./Attributes.ts"

/** What the door knows of a caller before it is known who that is. */
export interface Credentials {
  /** The bearer token, without the word. */
  readonly token?: string
  /** The DER of the client certificate, which the TLS stack has verified against the client CA. */
  readonly certificate?: {
    readonly commonName: string
    readonly organizations: ReadonlyArray<string>
    /** SHA-256 in hexadecimal digits. */
    readonly fingerprint?: string
  }
}
/** `undefined`: not for me. A failure (Unauthorized): these credentials are mine, and wrong. */
export type Authenticator = (credentials: Credentials) => Effect.Effect<User | undefined, ApiError | Unavailable>

/** `noOpinion` asks the next; all of them without an opinion is a no. `reason` is shown to the caller. */
export interface Decision {
  readonly decision: "allow" | "deny" | "noOpinion"
  readonly reason?: string
}
/** Synchronous: it decides from tables in memory. */
export type Authorizer = (attributes: Attributes) => Decision

export interface OrderedAuthorizer {
  readonly order: number
  readonly use: Authorizer
  /**
   * Of one that has to ask somebody else: how; nothing where it has no say. `use` then answers those who cannot wait, by what it
   * remembers.
   */
  readonly ask?: (attributes: Attributes) => Effect.Effect<Decision> | undefined
}

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT"

/**
 * The mutating plugins going over one write: one object for all of them, so that a plugin can keep by it what it has done. Who
 * changes what others decide by asks for a second round, in which every plugin sees the object again. There is no third.
 */
export class Round {
  #isSecond = false
  #isWanted = false
  get isSecond(): boolean {
    return this.#isSecond
  }
  readonly again = (): void => {
    this.#isWanted = true
  }
  /** Begins the second round if somebody has asked for it. */
  readonly next = (): boolean => {
    if (this.#isSecond || !this.#isWanted) return false
    this.#isSecond = true
    return true
  }
}

/**
 * A write on its way to the log, or a connection to what runs. `object` is absent for a delete, `old` for a create. They are in
 * the storage version; those of a subresource of a kind of its own (Scale, Binding, PodExecOptions) say by `apiVersion` and `kind` what they are.
 */
export interface Admitted {
  readonly attributes: Attributes
  readonly kind: Kind.Any
  /** The one that was asked. */
  readonly version: Kind.Version
  readonly operation: Operation
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions as on the wire; of a connection there are none. */
  readonly options?: WireObject
  readonly object?: WireObject
  readonly old?: WireObject
  readonly dryRun: boolean
  readonly round: Round
  /** For the `Warning` header. */
  readonly warn: (text: string) => void
}
export interface Admission {
  readonly name: string
  /** Lower runs first. */
  readonly order: number
  /** May return another object, unless there is none. All mutate before any validates. */
  readonly mutate?: (request: Admitted) => Effect.Effect<WireObject | undefined, ApiError | Unavailable>
  /**
   * When nobody changes the object any more and its name is known: what is taken for it elsewhere, such as an address. Once for
   * each attempt to write.
   */
  readonly allocate?: (request: Admitted) => Effect.Effect<WireObject | undefined, ApiError | Unavailable>
  /** Refuses by failing, usually with Forbidden. */
  readonly validate?: (request: Admitted) => Effect.Effect<void, ApiError | Unavailable>
}

/** A plugin that waits for nobody: what it says is known at once, and it costs next to nothing where that is nothing. */
export const atOnce =
  <A extends WireObject | undefined>(answer: (request: Admitted) => A) =>
  (request: Admitted): Effect.Effect<A> =>
    Effect.succeed(answer(request))

interface Registry<A> {
  readonly add: (value: A) => Effect.Effect<void, never, Scope.Scope>
  readonly all: () => ReadonlyArray<A>
}
const registry = <A>(order: (value: A) => number): Registry<A> => {
  let values: ReadonlyArray<A> = []
  return {
    add: (value) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => {
            values = [...values, value].toSorted((a, b) => order(a) - order(b))
          }),
          () =>
            Effect.sync(() => {
              values = values.filter((other) => other !== value)
            })
        )
      ),
    all: () => values
  }
}

interface Ordered<A> {
  readonly order: number
  readonly use: A
}

export class Authenticators extends Context.Service<Authenticators, Registry<Ordered<Authenticator>>>()(
  "kernel/Authenticators"
) {
  static readonly layer = Layer.sync(Authenticators, () => registry(({ order }) => order))
  static readonly add = (order: number, use: Authenticator) =>
    Layer.effectDiscard(Effect.flatMap(Authenticators, (all) => all.add({ order, use })))
}
export class Authorizers extends Context.Service<Authorizers, Registry<OrderedAuthorizer>>()("kernel/Authorizers") {
  static readonly layer = Layer.sync(Authorizers, () => registry(({ order }) => order))
  static readonly add = (order: number, use: Authorizer) =>
    Layer.effectDiscard(Effect.flatMap(Authorizers, (all) => all.add({ order, use })))
}
export class Admissions extends Context.Service<Admissions, Registry<Admission>>()("kernel/Admissions") {
  static readonly layer = Layer.sync(Admissions, () => registry(({ order }) => order))
  static readonly add = (admission: Admission) =>
    Layer.effectDiscard(Effect.flatMap(Admissions, (all) => all.add(admission)))
}
export const layer = Layer.mergeAll(Authenticators.layer, Authorizers.layer, Admissions.layer)
