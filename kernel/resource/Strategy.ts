/**
 * What the server does with a kind's objects beyond their schema: what no API description holds. All of it is pure. Objects
 * are immutable: a function that changes something returns a new one, and the same one if nothing changed.
 */
import type { Cause } from "../client/Errors.ts"
import type { Resource } from "./Kind.ts"
import type { Rule } from "./Names.ts"

export interface Column<A> {
  readonly name: string
  /** `string`, `integer`, `number`, `boolean` or `date`. */
  readonly type: string
  readonly format?: string
  /** Shown with `-o wide` only. */
  readonly wide?: boolean
  /** The same in numbers, as custom resources have it. */
  readonly priority?: number
  readonly description: string
  /** `now` in milliseconds, for ages. */
  readonly value: (object: A, now: number) => string | number | boolean | null | undefined
}

/** Where `scale` finds its numbers, by JSON path such as `spec.replicas`. */
export interface ScalePaths {
  readonly spec: string
  readonly status: string
  readonly selector?: string
}

export interface Strategy<A extends Resource> {
  /** What names look like. Without it: DNS subdomains. */
  readonly names?: Rule
  /** Defaults that depend on other fields; the constants are in the schema and have been filled in. */
  readonly defaults?: (object: A) => A
  /** Without what belongs to features that are off: who sent it owns it, and it is not kept. */
  readonly withoutFeatures?: (object: A) => A
  /** Before a create: takes back what writers may not set. Without it, `status` is emptied where it is a subresource. */
  readonly prepareCreate?: (object: A) => A
  /** During a create, when its name and uid are known: for kinds that say these of themselves. */
  readonly identified?: (object: A) => A
  /** Before an update: takes back from `old` what this writer may not change. Without it: the status, or all but the status. */
  readonly prepareUpdate?: (object: A, old: A, subresource: string) => A
  /** Of all but the status. `old`: what it is to replace, if it is an update. */
  readonly validate?: (object: A, old: A | undefined) => ReadonlyArray<Cause>
  /** Instead of `validate`, of a write of the status. */
  readonly validateStatus?: (object: A, old: A) => ReadonlyArray<Cause>
  /** Besides: what may not change. */
  readonly validateUpdate?: (object: A, old: A, subresource: string) => ReadonlyArray<Cause>
  /** What its creator is told of what was sent, also if it is refused. */
  readonly earlyWarnings?: (object: A) => ReadonlyArray<string>
  /** What its writer is told of one that is right, and still better otherwise. */
  readonly warnings?: (object: A, old: A | undefined) => ReadonlyArray<string>
  /** How long a delete waits for whoever acts on `deletionTimestamp`, in seconds; 0 or absent: it is gone at once. */
  readonly graceSeconds?: (object: A, asked: number | undefined) => number
  /** Field selectors besides `metadata.name` and `metadata.namespace`. */
  readonly selectable?: { readonly [field: string]: (object: A) => string }
  /** How it is told that a field is none of these, where upstream words it in a way of the kind's own. */
  readonly notSelectable?: (field: string) => string
  /** After NAME and before AGE, unless it names these itself. */
  readonly columns?: ReadonlyArray<Column<A>>
  /** Nothing but NAME is shown beside them. */
  readonly onlyColumns?: boolean
  readonly scale?: ScalePaths
  /** Whether `metadata.generation` counts changes of the spec. Without it: yes, where `status` is a subresource. */
  readonly generation?: boolean
  /** What of the metadata is counted in it, too. */
  readonly isCounted?: (object: A, old: A) => boolean
  /** The subresources whose writes are not counted in it, although they change the spec, and are owned by nobody. */
  readonly uncounted?: ReadonlyArray<string>
  /** A deletion that does not say what becomes of dependents leaves them behind. */
  readonly isOrphaning?: boolean
  /** What keeps a marked object besides `metadata.finalizers`, such as a Namespace's `spec.finalizers`. */
  readonly finalizers?: (object: A) => ReadonlyArray<string>
  /** Finalizers need no domain in front, as of custom resources and their definitions. */
  readonly anyFinalizer?: boolean
  /** What its deletion is shown by is its time alone: no grace, and no generation of it. */
  readonly deletionTimeOnly?: boolean
  /** What a deletion does to the object besides marking it, such as a Namespace's phase. */
  readonly prepareDelete?: (object: A) => A
  /** A PUT has to say which version it replaces. */
  readonly isConditional?: boolean
  /** What of the metadata a write of the status does not change. Without it: owners and finalizers. */
  readonly keptByStatus?: "metadata" | "labels"
  /** What no write of the object comes to own, besides the status. */
  readonly unowned?: ReadonlyArray<string>
  /** And what no write of a subresource does: `{ approval: ["status.certificate"] }`. */
  readonly unownedBy?: { readonly [subresource: string]: ReadonlyArray<string> }
  /** A PUT of what is not there creates it. */
  readonly createOnUpdate?: boolean
  /** `false` for custom resources, which know JSON and merge patches only. */
  readonly strategicMerge?: boolean
}
