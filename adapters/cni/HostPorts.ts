/**
 * What CNI's portmap leaves: chains in the table that iptables shares with everybody. It takes back the rules of a Pod, and never
 * the chains that it made for all of them.
 */
import { Effect, Schema } from "effect"
import * as Program from "../Program.ts"

const Listed = Schema.fromJsonString(
  Schema.Struct({
    nftables: Schema.Array(
      Schema.Struct({
        chain: Schema.optionalKey(Schema.Struct({ name: Schema.String })),
        rule: Schema.optionalKey(Schema.Struct({ chain: Schema.String, handle: Schema.Int, expr: Schema.Unknown }))
      })
    )
  })
)

const isOurs = (chain: string) => chain.startsWith("CNI-HOSTPORT") || chain.startsWith("CNI-DN-")

/** Rules first, for what is referred to cannot be deleted. */
const commands = (family: string, { nftables }: typeof Listed.Type) => {
  const chains = nftables.flatMap(({ chain }) => (chain !== undefined && isOurs(chain.name) ? [chain.name] : []))
  const rules = nftables.flatMap(({ rule }) => (rule === undefined || isOurs(rule.chain) ? [] : [rule]))
  const jumps = rules.filter(({ expr }) => chains.some((name) => JSON.stringify(expr).includes(`"${name}"`)))
  return [
    ...jumps.map(({ chain, handle }) => `delete rule ${family} nat ${chain} handle ${handle}`),
    ...chains.map((name) => `flush chain ${family} nat ${name}`),
    ...chains.map((name) => `delete chain ${family} nat ${name}`),
    // The table goes if nobody else has anything in it.
    ...(rules.length === jumps.length ? [`delete table ${family} nat`] : [])
  ]
}

/** `families`: those whose table was not there before us. In the others only the chains go. */
export const sweep = Effect.fnUntraced(function* (families: ReadonlyArray<string>) {
  for (const family of ["ip", "ip6"]) {
    const text = yield* Program.run("nft", ["-j", "list", "table", family, "nat"])
    const all = commands(family, yield* Schema.decodeEffect(Listed)(text))
    const wanted = families.includes(family) ? all : all.filter((command) => !command.startsWith("delete table"))
    if (wanted.length > 0) yield* Program.run("nft", ["-f", "-"], `${wanted.join("\n")}\n`)
  }
})

/** The families without a table `nat`. */
export const without = Effect.map(
  Effect.orElseSucceed(Program.run("nft", ["list", "tables"]), () => ""),
  (tables) => ["ip", "ip6"].filter((family) => !tables.split("\n").includes(`table ${family} nat`))
)
