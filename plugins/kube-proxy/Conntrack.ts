/**
 * Forgets UDP "connections" that lead to where nobody answers any more. TCP ends by itself; a UDP client that goes on sending
 * from one port keeps its old translation alive for as long as it sends.
 */
import { Effect } from "effect"
import type { Run } from "./Command.ts"
import type { Entry } from "./Entries.ts"
import type { Changes } from "./Ledger.ts"

const isUdp = ({ key }: Entry) => key.split(" . ").includes("udp")
const isBackend = ({ map }: Entry) => map.includes("backends")
const isPick = ({ value }: Entry) => value.startsWith("goto ") && value !== "goto refuse"

/** Of a key such as `10.96.0.10 . udp . 53`, or `udp . 30053` for a port of the node. */
const destination = (key: string): ReadonlyArray<string> => {
  const [first = "", second = "", third = ""] = key.split(" . ")
  return first === "udp" ? ["--orig-port-dst", second] : ["--orig-dst", first, "--orig-port-dst", third]
}

/** The arguments of `conntrack`, one list a command. Pure. */
export const stale = ({ added, deleted }: Changes): ReadonlyArray<ReadonlyArray<string>> => {
  const commands = new Map<string, ReadonlyArray<string>>()
  const forget = (...filter: ReadonlyArray<string>) => commands.set(filter.join(" "), ["-D", "-p", "udp", ...filter])
  const frontendOf = ({ key }: Entry) => key.slice(0, key.lastIndexOf(" . "))
  // A backend may only have moved to another slot.
  const staying = new Set(added.filter(isBackend).map((entry) => `${frontendOf(entry)} ${entry.value}`))
  for (const entry of deleted.filter(isUdp)) {
    if (!isBackend(entry) || staying.has(`${frontendOf(entry)} ${entry.value}`)) continue
    const [address = ""] = entry.value.split(" . ")
    forget(...destination(frontendOf(entry)), "--dst-nat", address)
  }
  // Whoever asked while nobody answered went untranslated.
  const served = new Set(deleted.filter(isPick).map(({ key, map }) => `${map} ${key}`))
  for (const { key, map, value } of added.filter(isUdp)) {
    if (isPick({ key, map, value }) && !served.has(`${map} ${key}`)) forget(...destination(key))
  }
  return [...commands.values()]
}

/** There being nothing to forget is its usual failure, and nothing that is lost here is worth stopping for. */
export const forget = (run: Run, changes: Changes) =>
  Effect.forEach(
    stale(changes),
    (filter) => Effect.catch(run(["conntrack", ...filter]), ({ detail }) => Effect.logDebug("conntrack", detail)),
    { discard: true }
  )
