/** The servers that this machine asks, from its resolv.conf. */
import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import { isIP } from "node:net"

/** In their order; `own` is left out, because asking oneself never ends. */
export const servers = (text: string, own: ReadonlyArray<string>): ReadonlyArray<string> =>
  text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([word, address = ""]) =>
      word === "nameserver" && isIP(address) !== 0 && !own.includes(address) ? [address] : []
    )

/** Without the file: none. */
export const read = (path: string, own: ReadonlyArray<string>) =>
  Effect.promise(() =>
    readFile(path, "utf8").then(
      (text) => servers(text, own),
      () => []
    )
  )
