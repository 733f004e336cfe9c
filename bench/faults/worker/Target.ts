/** What a worker asks: a log through its driver, or an API. Every answer says what is known of what was asked. */
import type { Effect, Scope } from "effect"
import type { Change } from "../history/History.ts"

export interface Content {
  readonly key: string
  readonly action: Change
  readonly writeId: string
  readonly value: string
}

export interface Seen extends Content {
  readonly seq: number
}

export type WriteAnswer =
  | { readonly _tag: "Written"; readonly seq?: number }
  | { readonly _tag: "Conflicted"; readonly last?: number }
  | { readonly _tag: "Failed"; readonly why: string }
  | { readonly _tag: "Unknown"; readonly why: string }

export type ReadAnswer =
  | { readonly _tag: "Found"; readonly seq: number; readonly at: number; readonly writeId: string; readonly value: string }
  | { readonly _tag: "Failed"; readonly why: string }

/** Where a watcher of an earlier start has got to. */
export interface Cursor {
  readonly epoch: string
  readonly seq: number
}

export interface Watcher {
  readonly began: (epoch: string) => void
  readonly resumed: (after: number) => void
  readonly gone: () => void
  readonly saw: (seen: Seen) => void
  readonly upTo: (seq: number) => void
}

export interface Target {
  readonly write: (write: Content & { readonly prev: number | undefined }) => Effect.Effect<WriteAnswer>
  readonly read: (key: string, consistent: boolean) => Effect.Effect<ReadAnswer>
  /** What the worker knows of a key without asking: its last entry. */
  readonly known: (key: string) => Seen | undefined
  /** For ever. */
  readonly watch: (watcher: Watcher, cursor: Cursor | undefined) => Effect.Effect<void, never, Scope.Scope>
  /** Forgets what is older than a few seconds. */
  readonly compact: Effect.Effect<void>
  /** What a write on this entry has to name. */
  readonly prevOf: (last: Seen | undefined) => number | undefined
  /** The write id of a delete, where a delete cannot have one of its own. */
  readonly deletes?: (key: string, prev: number) => string
}
