/**
 * Which containers have which devices: it stands in a file, and whoever comes after this kubelet goes on from there. What a container was
 * given is kept with it, so that it can be started anew while nobody answers.
 */
import { Option, Schema } from "effect"
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { Given } from "../contracts/NodeDevices.ts"

const { Array: List, Int, String: Text, Struct, optionalKey } = Schema

const Holding = Struct({
  uid: Text,
  container: Text,
  resource: Text,
  devices: List(Struct({ id: Text, numaNodes: optionalKey(List(Int)) })),
  given: Given
})
export type Holding = typeof Holding.Type

/** `resources`: whose devices this node has had. */
const File = Schema.fromJsonString(Struct({ resources: List(Text), holdings: List(Holding) }))
const decode = Schema.decodeOption(File)
const encode = Schema.encodeSync(File)

/** Without a path it lives as long as this. */
export const open = (path: string | undefined) => {
  const text = path !== undefined && existsSync(path) ? readFileSync(path, "utf8") : ""
  const read = Option.getOrElse(decode(text), () => ({ resources: [], holdings: [] }))
  const resources = new Set(read.resources)
  let holdings: ReadonlyArray<Holding> = read.holdings

  /** Whole or not at all. */
  const save = () => {
    if (path === undefined) return
    writeFileSync(`${path}.new`, encode({ resources: [...resources], holdings }), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  return {
    resources: (): ReadonlySet<string> => resources,
    know: (resource: string) => {
      if (resources.has(resource)) return
      resources.add(resource)
      save()
    },
    of: (uid: string, container: string) => holdings.filter((one) => one.uid === uid && one.container === container),
    ofResource: (resource: string) => holdings.filter((one) => one.resource === resource),
    pods: () => new Set(holdings.map(({ uid }) => uid)),
    add: (holding: Holding) => {
      holdings = [...holdings, holding]
      save()
    },
    /** Those of other Pods are free. */
    keep: (pods: ReadonlySet<string>) => {
      const kept = holdings.filter(({ uid }) => pods.has(uid))
      if (kept.length === holdings.length) return
      holdings = kept
      save()
    },
    free: (uid: string) => {
      const kept = holdings.filter((one) => one.uid !== uid)
      if (kept.length === holdings.length) return
      holdings = kept
      save()
    }
  }
}
export type Held = ReturnType<typeof open>

export const idsOf = (holdings: ReadonlyArray<Holding>) =>
  new Set(holdings.flatMap(({ devices }) => devices.map(({ id }) => id)))
