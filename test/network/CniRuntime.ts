/**
 * A runtime that calls CNI as containerd does, without containers: ADD and DEL by the list that is in its folder at the time, with ports
 * as containerd writes them. For tests of what runtimes read and execute.
 */
import { Effect, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as Attachments from "../../adapters/cni/Attachments.ts"
import * as Chain from "../../adapters/cni/Chain.ts"
import { NetworkList } from "../../adapters/cni/Cni.ts"
import type { Record } from "../../adapters/cni/Records.ts"
import { sh } from "./Netns.ts"

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(NetworkList))

export const make = (folder: string, programs: ReadonlyArray<string>, prefix: string) => {
  const list = Effect.suspend(() => {
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".conflist"))
    return decode(readFileSync(join(folder, file), "utf8"))
  })
  let last = 0
  return Effect.fnUntraced(function* (ports: ReadonlyArray<number> = []) {
    const id = `${prefix}-${++last}`
    const namespace = `/run/netns/${id}`
    yield* sh(`ip netns add ${id}`)
    const portMappings = ports.map((HostPort) => ({ HostPort, ContainerPort: 80, Protocol: "tcp", HostIP: "" }))
    const using = Effect.map(list, (list) => ({ list, version: "1.0.0", capabilities: { portMappings }, args: [] }))
    const record: Record = { state: "adding", network: "cni", runtime: "cni", pod: id, interface: "eth0", namespace }
    const result = yield* Effect.flatMap(using, (used) => Chain.add(programs, record, used)).pipe(
      Effect.tapError(() => sh(`ip netns delete ${id}`))
    )
    const end = Effect.gen(function* () {
      yield* Chain.del(programs, { ...record, result }, yield* using)
      yield* sh(`ip netns delete ${basename(namespace)}`)
    })
    return { id, addresses: Attachments.addressesOf(result), namespace, end }
  })
}
