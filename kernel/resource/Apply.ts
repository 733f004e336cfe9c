/**
 * Who owns the fields of an object after a write, and what an apply makes of an object. Ownership goes to whoever changes a
 * value; applying a field that another owns, with another value, is a conflict; fields that an applier no longer applies go,
 * unless somebody else owns them too. Source: KEP-555 "Server-side apply".
 */
import { Result, type Schema } from "effect"
import { BadRequest } from "../client/Errors.ts"
import { flaws, merge } from "./ApplyMerge.ts"
import { equal } from "./JsonEqual.ts"
import * as LastApplied from "./LastApplied.ts"
import * as ManagedFields from "./ManagedFields.ts"
import type { ManagedFieldsEntry } from "./Metadata.ts"
import * as OwnedFields from "./OwnedFields.ts"
import * as Ownership from "./Ownership.ts"
import type { Shape } from "./Shape.ts"

type Json = Schema.Json
type Object = Schema.JsonObject
type Entry = ManagedFields.Entry

export interface Write {
  /** Of the version in which the objects are given. */
  readonly shape: Shape
  readonly manager: string
  readonly apiVersion: string
  /** Empty for the object itself. */
  readonly subresource?: string
  /** RFC 3339, of now. */
  readonly time: string
  /** What this write cannot change, whatever it says: `status`, or `spec` when the status is written, or a part: `status.conditions`. */
  readonly reset?: ReadonlyArray<string>
  /** An object of this write's version as another shows it, where its kind has others: fields have other names there. */
  readonly inVersion?: ((apiVersion: string, object: Object) => View | undefined) | undefined
}
export interface View {
  readonly shape: Shape
  readonly object: Object
}

const metadataOf = (object: Object): Object => (OwnedFields.isObject(object["metadata"]) ? object["metadata"] : {})

/** What `Metadata.ts` declares, and the door has decoded: hence the cast. */
const entriesOf = (object: Object | undefined) =>
  object && (metadataOf(object)["managedFields"] as unknown as ReadonlyArray<ManagedFieldsEntry> | null | undefined)

/** What ownership is about: not its own records, nor what this write cannot change. */
const ownable = (object: Object, reset: ReadonlyArray<string>): Object => {
  const { managedFields: _, ...metadata } = metadataOf(object)
  const fields = Object.entries(object).filter(([name]) => !reset.includes(name))
  return reset.reduce(withoutPart, { ...Object.fromEntries(fields), metadata })
}
const withoutPart = (object: Object, path: string): Object => {
  const [name = "", part] = path.split(".")
  const value = object[name]
  if (part === undefined || !OwnedFields.isObject(value)) return object
  return { ...object, [name]: Object.fromEntries(Object.entries(value).filter(([field]) => field !== part)) }
}

const withEntries = (object: Object, entries: ReadonlyArray<ManagedFieldsEntry>): Object => {
  const { managedFields: _, ...metadata } = metadataOf(object)
  // Entries are made of JSON; an interface lacks the index signature that says so, hence the cast.
  const managedFields = entries as unknown as Json
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields } }
}

/** An object before it exists: the parts that every object of a kind has are there, and so nobody owns that they are. */
const nothing: { readonly [type: string]: Json } = { string: "", integer: 0, number: 0, boolean: false }
const zeros = new WeakMap<Shape, Json>()
const zero = (shape: Shape): Json => {
  const before = zeros.get(shape)
  if (before !== undefined) return before
  const made = zeroOf(shape)
  zeros.set(shape, made)
  return made
}
const zeroOf = (shape: Shape): Json => {
  if (shape.type !== "object") return nothing[shape.type] ?? null
  if (shape.atomic) return {}
  const parts = shape.fields.entries().filter(([, { part = false }]) => part)
  return Object.fromEntries(parts.map(([name, { shape: inner }]) => [name, zero(inner)]))
}

const isReset = (entries: ReadonlyArray<ManagedFieldsEntry>) =>
  entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0)

const decoded = (entries: ReadonlyArray<ManagedFieldsEntry> | null | undefined) =>
  Result.getOrElse(ManagedFields.decode(entries ?? []), (): ReadonlyArray<Entry> => [])

/** A writer may replace the entries of an object, or empty them, but not lose them by leaving them out. */
const managedOf = (before: Object | undefined, after: Object, subresource: string) => {
  const given = subresource === "" ? entriesOf(after) : undefined
  if (given && isReset(given)) return []
  const own = decoded(given)
  return own.length > 0 ? own : decoded(entriesOf(before))
}

const differences = (write: Write, before: Json, after: Object) => {
  const { shape, reset = [] } = write
  const old = OwnedFields.isObject(before) ? ownable(before, reset) : before
  return OwnedFields.compare(shape, old, ownable(after, reset))
}

/** In the fields of each entry's own version. */
const changesIn = (write: Write, before: Object | undefined, after: Object, own: OwnedFields.Difference) => {
  const known = new Map([[write.apiVersion, own]])
  return ({ apiVersion }: Entry): OwnedFields.Difference => {
    const seen = known.get(apiVersion)
    if (seen !== undefined) return seen
    const now = write.inVersion?.(apiVersion, after)
    const was = before && write.inVersion?.(apiVersion, before)
    const { object, shape } = now ?? { object: after, shape: write.shape }
    const found = now === undefined ? own : differences({ ...write, shape }, was?.object ?? {}, object)
    known.set(apiVersion, found)
    return found
  }
}

/** What is left of an entry when somebody else has changed these. */
const leftOf = (entry: Entry, { added, modified, removed }: OwnedFields.Difference): Entry => ({
  ...entry,
  set: Ownership.difference(Ownership.difference(entry.set, Ownership.union(added, modified)), removed)
})

/** Adds to what the same writer owns already. */
const credit = (entries: ReadonlyArray<Entry>, entry: Entry): ReadonlyArray<Entry> => {
  const previous = entries.find((one) => ManagedFields.isSame(one, entry))
  const set = previous === undefined ? entry.set : Ownership.union(previous.set, entry.set)
  return [...entries.filter((one) => one !== previous), { ...entry, set }]
}

/** The entries after a create (`before` is absent), an update, or a patch that is no apply. */
export const update = (
  write: Write & { readonly before?: Object | undefined; readonly after: Object }
): ReadonlyArray<ManagedFieldsEntry> => {
  const { after, before, shape, subresource = "" } = write
  const managed = managedOf(before, after, subresource)
  // Of an object whose entries were emptied nothing is recorded until somebody applies it.
  if (managed.length === 0 && before !== undefined) return []
  const own = differences(write, before ?? zero(shape), after)
  const changes = changesIn(write, before, after, own)
  const others = managed.map((entry) => leftOf(entry, changes(entry)))
  const set = Ownership.difference(Ownership.union(own.added, own.modified), ManagedFields.nobodys)
  const entry = { ...writer(write, "Update"), set }
  return ManagedFields.encode(ManagedFields.cap(Ownership.isEmpty(set) ? others : credit(others, entry)))
}

const writer = ({ apiVersion, manager, subresource = "", time }: Write, operation: Entry["operation"]) => ({
  manager: manager === "" ? "unknown" : manager,
  operation,
  apiVersion,
  subresource,
  time
})

/** Takes away what the manager applied last, does not apply now, and nobody else owns. */
const prune = (shape: Shape, merged: Json, last: Ownership.FieldSet, owners: ReadonlyArray<Ownership.FieldSet>): Json => {
  if (Ownership.isEmpty(last)) return merged
  const places = (value: Json | undefined) =>
    value === undefined ? Ownership.empty : OwnedFields.withNamed(shape, OwnedFields.of(shape, value))
  const before = OwnedFields.withNamed(shape, last)
  const all = places(merged)
  const owned = OwnedFields.withNamed(shape, owners.reduce(Ownership.union, Ownership.empty))
  const bare = places(OwnedFields.remove(shape, merged, before))
  const kept = OwnedFields.remove(shape, merged, Ownership.difference(all, Ownership.union(bare, owned)))
  // What goes with the rest, but was never this manager's, comes back.
  const gone = Ownership.intersection(Ownership.difference(all, places(kept)), before)
  return OwnedFields.remove(shape, merged, gone) ?? {}
}

interface Conflicting {
  readonly entry: Entry
  readonly set: Ownership.FieldSet
}

/** The fields that others own with other values: `.spec.replicas`, and `conflict with "kubectl" using apps/v1`. */
export interface Conflicts {
  readonly _tag: "Conflicts"
  readonly conflicts: ReadonlyArray<{ readonly field: string; readonly detail: string }>
}
export type Failure = BadRequest | Conflicts

const conflictsOf = (conflicts: ReadonlyArray<Conflicting>): Conflicts => ({
  _tag: "Conflicts",
  conflicts: conflicts.flatMap(({ entry, set }) =>
    Ownership.paths(set).map((field) => ({ field, detail: `conflict with ${ManagedFields.describe(entry)}` }))
  )
})

export interface Apply extends Write {
  /** Absent: it is created. */
  readonly live?: Object | undefined
  /** As it was sent, without defaults: who applies owns what he says, and nothing else. */
  readonly applied: Object
  readonly force: boolean
}

const untypable = ({ apiVersion, applied }: Apply, wrong: ReadonlyArray<string>) => {
  const { name = "", namespace = "" } = metadataOf(applied)
  const version = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`
  const why = wrong.length === 1 ? wrong[0] : `errors:\n${wrong.map((one) => `  ${one}`).join("\n")}`
  const detail = `failed to create typed patch object (${namespace}/${name}; ${version}, Kind=${applied["kind"]}): ${why}`
  return new BadRequest({ detail })
}

/** The object after the apply, with its entries; without defaults, which the pipeline fills in as after any patch. */
export const apply = (write: Apply): Result.Result<Object, Failure> =>
  Result.gen(function* () {
    const { applied, force, live, reset = [], shape } = write
    if (metadataOf(applied)["managedFields"] !== undefined)
      return yield* Result.fail(new BadRequest({ detail: "metadata.managedFields must be nil" }))
    const wrong = flaws(shape, applied)
    if (wrong.length > 0) return yield* Result.fail(untypable(write, wrong))
    const merged = merge(shape, live, applied)
    const managed = live === undefined ? [] : knownOwners(write, live)
    const self = writer(write, "Apply")
    const previous = managed.find((entry) => ManagedFields.isSame(entry, self))
    const others = managed.filter((entry) => entry !== previous)
    const set = Ownership.difference(OwnedFields.of(shape, ownable(applied, reset)), ManagedFields.nobodys)
    const sets = [set, ...others.map((entry) => entry.set)]
    // What is merged from objects is an object.
    const pruned = prune(shape, merged, previous?.set ?? Ownership.empty, sets) as Object
    const changes = changesIn(write, live, pruned, differences(write, live ?? {}, pruned))
    const conflicts = others.map((entry) => {
      const { added, modified } = changes(entry)
      return { entry, set: Ownership.intersection(entry.set, Ownership.union(added, modified)) }
    })
    const refused = force ? [] : refusedOf(write, conflicts)
    if (refused.length > 0) return yield* Result.fail(conflictsOf(refused))
    const left = others.map((entry) => leftOf(entry, changes(entry)))
    const isUnchanged = live !== undefined && equal(ownable(live, []), ownable(pruned, []))
    // The time is that of the last change of a value.
    const entry: Entry = { ...self, set, time: isUnchanged ? previous?.time : self.time }
    const result = withEntries(pruned, ManagedFields.encode([...left, entry]))
    return write.manager === LastApplied.manager ? LastApplied.refresh(result, applied) : result
  })

/** An object that nobody was recorded for belongs, at its first apply, to one who is. */
const knownOwners = (write: Apply, live: Object): ReadonlyArray<Entry> => {
  const managed = decoded(entriesOf(live))
  if (managed.length > 0) return managed
  const before = { ...write, manager: "before-first-apply", subresource: "", reset: [] }
  return decoded(update({ ...before, before: undefined, after: withEntries(live, []) }))
}

const refusedOf = ({ apiVersion, live, manager, shape }: Apply, conflicts: ReadonlyArray<Conflicting>) => {
  const real = conflicts.filter(({ set }) => !Ownership.isEmpty(set))
  if (real.length === 0 || manager !== LastApplied.manager || live === undefined) return real
  const takeable = LastApplied.takeable(shape, live, apiVersion)
  return real
    .map(({ entry, set }) => ({ entry, set: Ownership.difference(set, takeable) }))
    .filter(({ set }) => !Ownership.isEmpty(set))
}
