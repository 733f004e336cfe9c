/** What CRI-O's host ports leave: a table of its own, with what is in it for all Pods. Another CRI-O in the same network may use it. */
import { Effect } from "effect"
import * as Program from "../../Program.ts"

const table = "crio-hostports"

/** Takes the table back when no Pod has a port in it any more. */
export const remove = Effect.fn("Crio.removeHostPorts")(function* (launcher: ReadonlyArray<string>) {
  const nft = (...args: ReadonlyArray<string>) => {
    const [program = "nft", ...rest] = [...launcher, "nft", ...args]
    return Program.run(program, rest)
  }
  for (const family of ["ip", "ip6"]) {
    const emptied = Effect.flatMap(nft("list", "table", family, table), (text) =>
      text.includes("elements =") ? Effect.void : nft("delete", "table", family, table)
    )
    // There is none where no Pod had a port.
    yield* Effect.ignore(emptied)
  }
})
