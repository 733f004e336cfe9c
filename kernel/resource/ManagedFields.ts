/** The entries of `metadata.managedFields`: who owns what since when, read, written and kept few. Source: KEP-555. */
import { Result, type Schema } from "effect"
import type { ManagedFieldsEntry } from "./Metadata.ts"
import * as Ownership from "./Ownership.ts"

export interface Entry {
  readonly manager: string
  readonly operation: "Apply" | "Update"
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string | undefined
  readonly set: Ownership.FieldSet
}

/** What the API itself sets, which nobody owns. */
export const nobodys = Ownership.of(
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata"],
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"].map(
    (name) => ["f:metadata", Ownership.field(name)]
  )
)

/** An applier is the same in every version; an updater is another one in each. */
const idOf = ({ apiVersion, manager, operation, subresource }: Omit<Entry, "set" | "time">) =>
  JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource])
export const isSame = (a: Omit<Entry, "set" | "time">, b: Omit<Entry, "set" | "time">) => idOf(a) === idOf(b)

const decodeEntry = (entry: ManagedFieldsEntry): Result.Result<Entry, string> => {
  const { apiVersion = "", fieldsType, fieldsV1 = {}, manager = "", operation, subresource = "", time } = entry
  if (operation !== "Apply" && operation !== "Update") return Result.fail("operation must be `Apply` or `Update`")
  if (apiVersion === "") return Result.fail("apiVersion must not be empty")
  if (fieldsType !== "FieldsV1") return Result.fail(`invalid fieldsType ${JSON.stringify(fieldsType ?? "")}`)
  return Result.map(Ownership.fromJson(fieldsV1), (set) => ({ manager, operation, apiVersion, subresource, time, set }))
}

/** Later entries of the same writer replace earlier ones. */
export const decode = (entries: ReadonlyArray<ManagedFieldsEntry>): Result.Result<ReadonlyArray<Entry>, string> =>
  Result.map(Result.all(entries.map(decodeEntry)), (all) => [...new Map(all.map((entry) => [idOf(entry), entry])).values()])

/** The wire form of a set; the same JSON for the same set, so that entries which nobody changed stay what they are. */
const encoded = new WeakMap<Ownership.FieldSet, Schema.JsonObject>()
const fieldsOf = (set: Ownership.FieldSet) => {
  const json = encoded.get(set) ?? Ownership.toJson(set)
  encoded.set(set, json)
  return json
}

const encodeEntry = ({ apiVersion, manager, operation, set, subresource, time }: Entry): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion,
  ...(time !== undefined && { time }),
  fieldsType: "FieldsV1",
  fieldsV1: fieldsOf(set),
  ...(subresource !== "" && { subresource })
})

const order = (a: Entry, b: Entry) => {
  const pairs = [
    [a.operation, b.operation],
    [a.time ?? "", b.time ?? ""],
    [a.manager, b.manager],
    [a.apiVersion, b.apiVersion],
    [a.subresource, b.subresource]
  ] as const
  const [x, y] = pairs.find(([one, other]) => one !== other) ?? ["", ""]
  return x < y ? -1 : x > y ? 1 : 0
}

/** Without those who own nothing, in Kubernetes' order. */
export const encode = (entries: ReadonlyArray<Entry>): ReadonlyArray<ManagedFieldsEntry> =>
  entries
    .filter(({ set }) => !Ownership.isEmpty(set))
    .toSorted(order)
    .map(encodeEntry)

/** Source: upstream's limit of entries for updates. */
const limit = 10

/** The oldest updates share one entry a version, as soon as there are too many. */
export const cap = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const living = entries.filter(({ set }) => !Ownership.isEmpty(set))
  const updates = living.filter(({ operation }) => operation === "Update").toSorted(order)
  let surplus = updates.length - limit
  const merged = new Map<string, Entry>()
  const gone = new Set<Entry>()
  for (const entry of updates) {
    if (surplus <= 0) break
    const first = merged.get(entry.apiVersion)
    if (first === undefined) merged.set(entry.apiVersion, entry)
    else {
      gone.add(first).add(entry)
      const set = Ownership.union(first.set, entry.set)
      merged.set(entry.apiVersion, { ...entry, manager: "ancient-changes", subresource: "", set })
      surplus--
    }
  }
  const ancient = [...merged.values()].filter((entry) => !living.includes(entry))
  return [...living.filter((entry) => !gone.has(entry)), ...ancient]
}

const shownManager = ({ manager, subresource }: Entry) =>
  subresource === "" ? JSON.stringify(manager) : `${JSON.stringify(manager)} with subresource ${JSON.stringify(subresource)}`

/** As conflicts name a writer. */
export const describe = (entry: Entry) =>
  entry.operation === "Apply" ? shownManager(entry) : `${shownManager(entry)} using ${entry.apiVersion}`
