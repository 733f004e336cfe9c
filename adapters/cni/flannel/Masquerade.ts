/**
 * What the node itself sends through the tunnel leaves with the tunnel's address, whatever address it had: an answer to any other
 * would come back by another way.
 */
import { type Family, familyOf } from "../Range.ts"
import { linkOf } from "./Paths.ts"

const table = "keelson-flannel"
const families = [
  { family: 4, word: "ip" },
  { family: 6, word: "ip6" }
] as const satisfies ReadonlyArray<{ family: Family; word: string }>

/** The text for `nft -f`: each family's table is replaced in one transaction, or taken away where there is no range. */
export const rules = (podCidrs: ReadonlyArray<string>, vni: number) =>
  families
    .map(({ family, word }) => {
      const inside = podCidrs.filter((cidr) => familyOf(cidr) === family).join(", ")
      const gone = `table ${word} ${table}\ndelete table ${word} ${table}\n`
      if (inside === "") return gone
      return `${gone}table ${word} ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${linkOf(family, vni)}" ${word} saddr != { ${inside} } masquerade fully-random
  }
}
`
    })
    .join("")

export const none = rules([], 0)

/** In what nft lists. */
export const isAmong = (tables: string) => families.some(({ word }) => tables.split("\n").includes(`table ${word} ${table}`))
