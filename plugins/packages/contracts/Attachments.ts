/**
 * What plugins from outside may offer in this process: who uses a contract says here how one more that keeps it is taken in, and
 * taken out again when the scope closes.
 */
import { Context, Effect, Layer, Order, type Scope, SemVer, SubscriptionRef } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

export interface About {
  readonly name: string
  readonly version: string
  /** What becomes of calls while it does not answer. */
  readonly fallback: "Fail" | "Ignore"
  readonly callTimeoutMillis: number
  /** Whether it is new, and what ran before it comes back if it does not do well. */
  readonly isOnTrial?: () => boolean
}

export interface Attachment<Self, S> {
  readonly contract: Contract.Contract<Self, S>
  /**
   * `handle` is that of a slot: it stays when the plugin is restarted or replaced. `before` is the version that it led to until now, which
   * runs until this one is taken in.
   */
  readonly attach: (handle: S, about: About, before?: S) => Effect.Effect<void, unknown, Scope.Scope>
  /** What a package has to offer with it: keys of contracts. */
  readonly together?: ReadonlyArray<string>
  /** The package has made the contract itself: nobody here takes it, but other packages may need it. */
  readonly isOwn?: true
}
/** The handle is always one of the attachment's own contract. */
export type AnyAttachment = Attachment<unknown, unknown>

const newestFirst = ({ contract: a }: AnyAttachment, { contract: b }: AnyAttachment) =>
  Order.flip(SemVer.Order)(SemVer.parseUnsafe(a.version), SemVer.parseUnsafe(b.version))

export class Attachments extends Context.Service<
  Attachments,
  {
    readonly add: <Self, S>(attachment: Attachment<Self, S>) => Effect.Effect<void, never, Scope.Scope>
    readonly find: (contract: string) => AnyAttachment | undefined
    /** All majors of a contract that are taken, the newest first. */
    readonly versions: (contract: string) => ReadonlyArray<AnyAttachment>
    readonly names: () => ReadonlyArray<string>
    /** Grows with every change of what is taken here. */
    readonly generation: SubscriptionRef.SubscriptionRef<number>
  }
>()("packages/Attachments") {
  static readonly layer = Layer.effect(
    Attachments,
    Effect.map(SubscriptionRef.make(0), (generation) => {
      const all = new Map<string, AnyAttachment>()
      const changed = SubscriptionRef.update(generation, (count) => count + 1)
      return Attachments.of({
        add: (attachment) => {
          // It is only ever given handles of its own contract, hence the cast.
          const one = attachment as unknown as AnyAttachment
          const { key } = attachment.contract
          const put = Effect.sync(() => all.set(key, one))
          const remove = Effect.sync(() => all.get(key) === one && all.delete(key))
          return Effect.asVoid(Effect.acquireRelease(Effect.andThen(put, changed), () => Effect.andThen(remove, changed)))
        },
        find: (contract) => all.get(contract),
        versions: (contract) =>
          [...all.values()].filter((one) => Contract.nameOf(one.contract) === contract).toSorted(newestFirst),
        names: () => [...all.keys()].toSorted(),
        generation
      })
    })
  )
}
