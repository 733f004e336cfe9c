/** Which claims are ready on this node, for which Pods, with which devices. It stands in a file, and whoever comes after this kubelet goes on from there. */
import { Option, Schema } from "effect"
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { Prepared } from "../contracts/ClaimDriver.ts"

const { Array: List, Boolean: Bool, Record, String: Text, Struct } = Schema

const Entry = Struct({
  namespace: Text,
  name: Text,
  uid: Text,
  /** Those that have it, by their uids. */
  pods: List(Text),
  isPrepared: Bool,
  /** By their drivers: each is asked to take it back, whether it got it ready or did not come to that. */
  drivers: Record(Text, List(Prepared))
})
export type Entry = typeof Entry.Type

const File = Schema.fromJsonString(Struct({ claims: List(Entry) }))
const decode = Schema.decodeOption(File)
const encode = Schema.encodeSync(File)

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`

export const open = (path: string) => {
  const text = existsSync(path) ? readFileSync(path, "utf8") : ""
  const { claims } = Option.getOrElse(decode(text), (): typeof File.Type => ({ claims: [] }))
  const all = new Map(claims.map((one) => [keyOf(one.namespace, one.name), one]))
  /** Whole or not at all. */
  const save = () => {
    writeFileSync(`${path}.new`, encode({ claims: [...all.values()] }), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  return {
    get: (namespace: string, name: string) => all.get(keyOf(namespace, name)),
    ofPod: (uid: string) => [...all.values()].filter(({ pods }) => pods.includes(uid)),
    pods: () => new Set([...all.values()].flatMap(({ pods }) => pods)),
    put: (...entries: ReadonlyArray<Entry>) => {
      for (const entry of entries) all.set(keyOf(entry.namespace, entry.name), entry)
      if (entries.length > 0) save()
    },
    remove: (...entries: ReadonlyArray<Entry>) => {
      for (const { name, namespace } of entries) all.delete(keyOf(namespace, name))
      if (entries.length > 0) save()
    }
  }
}
export type PreparedClaims = ReturnType<typeof open>
