/**
 * What a node does about attachments without asking who made them: frees their addresses, removes their interface, and takes back
 * what a runtime attached by CNI programs itself before another network became the node's.
 */
import { Effect, Option, Schema } from "effect"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../Program.ts"
import * as Chain from "./Chain.ts"
import { CniError, codes, NetworkList, type Programs } from "./Cni.ts"
import * as Leftovers from "./Leftovers.ts"
import * as Masquerade from "./Masquerade.ts"
import * as Pool from "./Pool.ts"
import type { Key, Record } from "./Records.ts"
import * as Switches from "./Switches.ts"

/** The name of every network of ours in CNI's sense: what has addresses in common has one name. */
export const network = "keelson"
export const dataDirIn = (directory: string) => join(directory, "ipam")
export const poolIn = (directory: string) => Pool.folderOf(dataDirIn(directory), network)

const inside = (namespace: string, ...command: ReadonlyArray<string>) =>
  Program.run("nsenter", [`--net=${namespace}`, "--", ...command])

export const free = (directory: string, key: Key) => Effect.sync(() => Pool.release(poolIn(directory), key))

/** Of a network that has a way to each Pod. */
export const unroute = (record: Record) =>
  Effect.flatMap(
    Effect.orElseSucceed(Chain.resultOf(record), () => ({ ips: [] })),
    ({ ips = [] }) =>
      Effect.forEach(
        ips,
        ({ address }) => Effect.ignore(Program.run("ip", ["route", "delete", address.split("/")[0] ?? ""])),
        {
          discard: true
        }
      )
  )

/** The other end of a veth goes with it. */
export const unlink = ({ interface: name, namespace }: Pick<Record, "interface" | "namespace">) =>
  existsSync(namespace) ? Effect.ignore(inside(namespace, "ip", "link", "delete", name)) : Effect.void

export const isLinked = (record: Record) =>
  Effect.mapError(
    inside(record.namespace, "ip", "link", "show", record.interface),
    ({ detail }) => new CniError({ plugin: record.network, command: "CHECK", code: codes.other, msg: detail, details: "" })
  ).pipe(Effect.asVoid)

const decodeList = Schema.decodeUnknownOption(Schema.fromJsonString(NetworkList))
/** The list that runtimes of this node were given last. It stays when another kind of network follows. */
const lastFile = (directory: string) => join(directory, "last.conflist")

export const remember = (directory: string, text: string) => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(`${lastFile(directory)}.new`, text, { mode: 0o600 })
  renameSync(`${lastFile(directory)}.new`, lastFile(directory))
}
/** The end of the last network of a node: what all of them made. */
export const tearDown = Effect.fn("network.tearDown")(function* (directory: string) {
  yield* Masquerade.remove
  yield* Leftovers.remove(directory)
  yield* Effect.ignore(Switches.restore(directory))
  yield* Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
})

export const last = (directory: string) => {
  const path = lastFile(directory)
  return existsSync(path) ? decodeList(readFileSync(path, "utf8")) : Option.none()
}

/** portmap takes back all rules of a Pod, but only when it is told of any port. */
const somePort = [{ hostPort: 1, containerPort: 1, protocol: "tcp" }]

/** A Pod that has an address and no record was attached by its runtime: DEL of the list that it used. */
export const foreign = Effect.fnUntraced(function* (directory: string, programs: Programs, key: Key, namespace: string) {
  if (Pool.of(poolIn(directory), key).length === 0) return
  const list = Option.getOrUndefined(last(directory))
  const record: Record = { state: "deleting", network, runtime: "", namespace, ...key }
  if (list !== undefined) {
    const used = { list, version: "0.4.0", capabilities: { portMappings: somePort }, args: [] }
    yield* Effect.ignore(Chain.del(programs, record, used))
  }
  yield* unlink(record)
  yield* free(directory, key)
})
