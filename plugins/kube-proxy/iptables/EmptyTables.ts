/**
 * iptables on nftables makes a table with its base chains for whoever asks, and leaves it when its last rule goes. One that does nothing
 * any more goes with us.
 */
import { Effect, Schema } from "effect"
import type { Node } from "../Command.ts"
import * as Frame from "./Frame.ts"

const { Array: List, String: Text, Struct, Unknown, fromJsonString, optionalKey } = Schema

const Listed = fromJsonString(
  Struct({
    nftables: List(
      Struct({
        chain: optionalKey(Struct({ name: Text, policy: optionalKey(Text) })),
        rule: optionalKey(Unknown),
        set: optionalKey(Unknown)
      })
    )
  })
)

const builtIn = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]

/** Nothing in it but chains that iptables makes by itself, and that let everything through. */
const isEmpty = ({ nftables }: typeof Listed.Type) =>
  nftables.every(
    ({ chain, rule, set }) =>
      rule === undefined &&
      set === undefined &&
      (chain === undefined || (builtIn.includes(chain.name) && chain.policy === "accept"))
  )

/** On a machine whose iptables is the old one there are no such tables. */
export const remove = Effect.fnUntraced(function* ({ run }: Node) {
  for (const family of ["ip", "ip6"]) {
    for (const table of Frame.tables) {
      const listed = Effect.flatMap(run(["nft", "-j", "list", "table", family, table]), Schema.decodeEffect(Listed))
      if (yield* Effect.orElseSucceed(Effect.map(listed, isEmpty), () => false))
        yield* Effect.ignore(run(["nft", "delete", "table", family, table]))
    }
  }
})
