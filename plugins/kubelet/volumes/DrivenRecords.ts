/**
 * What was brought to Pods by drivers, as it stands in the Pods' folders: `volumes/kubernetes.io~csi/NAME/vol_data.json`, as upstream's
 * kubelet has it. Whoever comes later takes it back by that.
 */
import { Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const { Boolean: Bool, String: Text, Struct, optionalKey } = Schema
const Record = Struct({
  driverName: Text,
  volumeHandle: Text,
  specVolID: Text,
  /** Whether it was brought to the node before, for all its Pods. */
  isStaged: optionalKey(Bool),
  isAttachable: optionalKey(Bool)
})
export type Record = typeof Record.Type
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Record))
const encode = Schema.encodeSync(Schema.fromJsonString(Record))

const above = (pod: string) => join(pod, "volumes", "kubernetes.io~csi")
const file = (folder: string) => join(folder, "vol_data.json")

export const folderOf = (pod: string, name: string) => join(above(pod), name)
/** Where a container finds it: a folder, or a device. */
export const targetOf = (pod: string, name: string) => join(folderOf(pod, name), "mount")

/** Of one volume for all Pods of the node, below the kubelet's own folder. */
export const stagingOf = (directory: string, driver: string, id: string) => {
  const hash = createHash("sha256").update(id).digest("hex")
  return join(directory, "plugins", "kubernetes.io", "csi", driver, hash, "globalmount")
}

export interface Entry extends Record {
  readonly folder: string
}

const list = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])

/** Of one Pod's folder. */
export const ofPod = (pod: string): ReadonlyArray<Entry> =>
  list(above(pod)).flatMap((name) => {
    const folder = folderOf(pod, name)
    const record = existsSync(file(folder)) ? decode(readFileSync(file(folder), "utf8")) : Option.none()
    return Option.isSome(record) ? [{ ...record.value, folder }] : []
  })

/** Of all Pods below a folder. */
export const all = (pods: string): ReadonlyArray<Entry> => list(pods).flatMap((uid) => ofPod(join(pods, uid)))

export const write = (pod: string, record: Record) => {
  const folder = folderOf(pod, record.specVolID)
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  writeFileSync(file(folder), encode(record), { mode: 0o600 })
}

/** It fails if anything but the record is left there. */
export const remove = ({ folder }: Entry) => {
  rmSync(file(folder), { force: true })
  if (existsSync(folder)) rmdirSync(folder)
}
