/** What Pods send out of the cluster leaves with the node's address; to one another they speak with their own. */
import { Effect } from "effect"
import * as Program from "../Program.ts"
import { type Family, familyOf } from "./Range.ts"

const table = "keelson-masq"
const families: ReadonlyArray<{ readonly family: Family; readonly name: string; readonly never: string }> = [
  { family: 4, name: "ip", never: "224.0.0.0/4" },
  { family: 6, name: "ip6", never: "fe80::/10, ff00::/8" }
]

/** Replaces both tables in one transaction; a family without a range has none. */
export const rules = (podCidrs: ReadonlyArray<string>, clusterCidrs: ReadonlyArray<string>) =>
  families
    .map(({ family, name, never }) => {
      const own = podCidrs.filter((cidr) => familyOf(cidr) === family)
      const inside = [...new Set([...own, ...clusterCidrs.filter((cidr) => familyOf(cidr) === family)])]
      const gone = `table ${name} ${table}\ndelete table ${name} ${table}\n`
      if (own.length === 0) return gone
      return `${gone}table ${name} ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${name} saddr { ${own.join(", ")} } ${name} daddr != { ${inside.join(", ")}, ${never} } masquerade fully-random
  }
}
`
    })
    .join("")

export const set = (podCidrs: ReadonlyArray<string>, clusterCidrs: ReadonlyArray<string>) =>
  Program.run("nft", ["-f", "-"], rules(podCidrs, clusterCidrs))

export const remove = Effect.forEach(
  families,
  ({ name }) => Effect.ignore(Program.run("nft", ["delete", "table", name, table])),
  { discard: true }
)
