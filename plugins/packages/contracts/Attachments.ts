/**
 * What plugins from outside may offer in this process: who uses a contract says here how one more that keeps it is taken in, and
 * taken out again when the scope closes.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type * as Contract from "../../../kernel/plugin/Contract.ts"

export interface About {
  readonly name: string
  readonly version: string
  /** What becomes of calls while it does not answer. */
  readonly fallback: "Fail" | "Ignore"
  readonly callTimeoutMillis: number
}

export interface Attachment<Self, S> {
  readonly contract: Contract.Contract<Self, S>
  /** `handle` is that of a slot: it stays when the plugin is restarted or replaced. */
  readonly attach: (handle: S, about: About) => Effect.Effect<void, unknown, Scope.Scope>
  /** Registries that a plugin inside this process may use besides the client. */
  readonly registries?: Context.Context<never>
}
/** The handle is always one of the attachment's own contract. */
export type AnyAttachment = Attachment<unknown, unknown>

export class Attachments extends Context.Service<
  Attachments,
  {
    readonly add: <Self, S>(attachment: Attachment<Self, S>) => Effect.Effect<void, never, Scope.Scope>
    readonly find: (contract: string) => AnyAttachment | undefined
    readonly names: () => ReadonlyArray<string>
  }
>()("packages/Attachments") {
  static readonly layer = Layer.sync(Attachments, () => {
    const all = new Map<string, AnyAttachment>()
    return Attachments.of({
      add: (attachment) => {
        // It is only ever given handles of its own contract, hence the cast.
        const one = attachment as unknown as AnyAttachment
        const { key } = attachment.contract
        return Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => all.set(key, one)),
            () => Effect.sync(() => all.get(key) === one && all.delete(key))
          )
        )
      },
      find: (contract) => all.get(contract),
      names: () => [...all.keys()].toSorted()
    })
  })
}
