/**
 * What extenders answer. Programs in Go take names of fields in any case and write an absent one as null: so both are read.
 * Source: k8s.io/kube-scheduler/extender/v1.
 */
import { Schema } from "effect"

const { Array: List, Int, Record, String: Text, Struct, optionalKey } = Schema

/** Names in small letters, and nothing that is null. No name of a node or a Pod has large ones. */
export const folded = (json: Schema.Json): Schema.Json => {
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(folded)
  const fields = Object.entries(json).filter(([, value]) => value !== null)
  return Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), folded(value)]))
}

const reasons = optionalKey(Record(Text, Text))

export const Filtered = Struct({
  nodes: optionalKey(Struct({ items: optionalKey(List(Struct({ metadata: Struct({ name: Text }) }))) })),
  nodenames: optionalKey(List(Text)),
  failednodes: reasons,
  failedandunresolvablenodes: reasons,
  error: optionalKey(Text)
})
export const Prioritized = Schema.NullOr(List(Struct({ host: Text, score: Int })))
export const Preempted = Struct({
  nodenametometavictims: optionalKey(
    Record(Text, Struct({ pods: optionalKey(List(Struct({ uid: optionalKey(Text) }))), numpdbviolations: optionalKey(Int) }))
  )
})
export const Bound = Struct({ error: optionalKey(Text) })
