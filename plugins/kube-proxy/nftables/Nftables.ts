/** Services by nftables: maps of data in a table of our own for each IP family, changed by one transaction a change set. */
import { Effect, Layer } from "effect"
import type { Node } from "../Command.ts"
import { ServiceProxy, type ProxiedService } from "../contracts/ServiceProxy.ts"
import * as DataPlane from "../DataPlane.ts"
import type { PlaneOptions } from "../Options.ts"
import * as Ranges from "../Ranges.ts"
import { frontendsOf, keyOf } from "./Entries.ts"
import { type Family, IPv4, IPv6 } from "./Family.ts"
import type { Changes } from "./Ledger.ts"
import { Table } from "./Tables.ts"

const both: ReadonlyArray<Family> = [IPv4, IPv6]
const counted = ["services", "services-inside", "node-ports", "node-ports-inside"]
const count = /([^\s,{][^,{]*?) counter packets (\d+) bytes \d+ : goto/g

const plane = (
  { run }: Node,
  served: ReadonlyArray<Family>,
  tables: ReadonlyArray<Table>
): DataPlane.Plane<ReadonlyArray<Changes>> => {
  const nft = (text: string) => (text === "" ? Effect.void : Effect.asVoid(run(["nft", "-f", "-"], text)))
  const words = ({ table }: Family) => table.split(" ")
  const all = (from: "ours" | "anything") => Effect.suspend(() => nft(tables.map((table) => table.all(from)).join("")))

  return {
    name: "nftables",
    note: (service) => tables.map((table) => table.set(service)),
    change: (changes) =>
      Effect.suspend(() =>
        nft(tables.map((table, index) => table.change(changes.flatMap((one) => one[index] ?? []))).join(""))
      ),
    // A table of another making does not fit, and goes.
    all: Effect.catch(all("ours"), () => all("anything")),
    stands: Effect.isSuccess(
      Effect.forEach(served, (family) => run(["nft", "list", "chain", ...words(family), "dispatch"]), { discard: true })
    ),
    connections: Effect.fnUntraced(function* (services: ReadonlyArray<ProxiedService>) {
      const counts = new Map<string, number>()
      for (const family of served) {
        for (const map of counted) {
          const listing = yield* run(["nft", "list", "map", ...words(family), map])
          for (const [, key = "", packets] of listing.matchAll(count))
            counts.set(key, (counts.get(key) ?? 0) + Number(packets))
        }
      }
      const byService = new Map<string, number>()
      for (const { name, ports } of services) {
        const keys = new Set(ports.flatMap((port) => frontendsOf(port).map(({ address }) => keyOf(port, address))))
        byService.set(
          name,
          [...keys].reduce((sum, key) => sum + (counts.get(key) ?? 0), 0)
        )
      }
      return byService
    }),
    remove: nft(served.map(({ table }) => `add table ${table}\ndelete table ${table}\n`).join(""))
  }
}

const familiesOf = (node: Node) =>
  Effect.map(DataPlane.familiesOf(node), (families) => both.filter(({ family }) => families.includes(family)))

export const make = Effect.fnUntraced(function* (node: Node, options: PlaneOptions) {
  const { nodePortAddresses = [], podCidr } = options
  const [pods, ports] = [Ranges.byFamily(podCidr), Ranges.byFamily(nodePortAddresses.join(","))]
  const served = yield* familiesOf(node)
  const tables = served.map(
    (family) => new Table(family, { podCidrs: pods[family.family], nodePortAddresses: ports[family.family] })
  )
  const families = served.map(({ family }) => family)
  return yield* DataPlane.make(node, families, options, plane(node, served, tables))
})

export const layer = (node: Node, options: PlaneOptions) => Layer.effect(ServiceProxy, make(node, options))

/** Takes back what one that was killed has left. */
export const remove = (node: Node) => Effect.flatMap(familiesOf(node), (served) => plane(node, served, []).remove)
