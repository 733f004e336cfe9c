/**
 * What has to be switched on in the kernel for Pods to reach others, and how the machine was before: it is put back at the end.
 */
import { Effect, Schema } from "effect"
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as HostPorts from "./HostPorts.ts"
import type { Family } from "./Range.ts"

const root = "/proc/sys"

/** A node that forwards IPv6 takes no more routes from its routers, unless it is told to (`accept_ra` 2). */
const advertised = () =>
  globSync("net/ipv6/conf/*/accept_ra", { cwd: root }).filter((name) => !name.includes("/lo/") && read(name) === "1")

const forwarding: { readonly [_ in Family]: ReadonlyArray<string> } = {
  4: ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"],
  6: ["net/ipv6/conf/all/forwarding", "net/bridge/bridge-nf-call-ip6tables"]
}

const read = (name: string) => {
  try {
    return readFileSync(join(root, name), "utf8").trim()
  } catch {
    return ""
  }
}
const set = (name: string, value: string) => {
  if (existsSync(join(root, name)) && read(name) !== value) writeFileSync(join(root, name), value)
}

/** The values of switches, and which families had no table `nat`. */
const Before = Schema.fromJsonString(
  Schema.Struct({ switches: Schema.Record(Schema.String, Schema.String), withoutNat: Schema.Array(Schema.String) })
)
const noted = (directory: string) => join(directory, "before.json")

/** Once: what is noted stays, also over restarts. */
export const note = Effect.fnUntraced(function* (directory: string) {
  if (existsSync(noted(directory))) return
  const withoutNat = yield* HostPorts.without
  yield* Effect.try(() => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const names = [...forwarding[4], ...forwarding[6], ...advertised()].filter((name) => existsSync(join(root, name)))
    const before = { switches: Object.fromEntries(names.map((name) => [name, read(name)])), withoutNat }
    writeFileSync(noted(directory), JSON.stringify(before), { mode: 0o600 })
  })
})

export const on = (families: ReadonlyArray<Family>) => {
  if (families.includes(6)) for (const name of advertised()) set(name, "2")
  for (const family of families) for (const name of forwarding[family]) set(name, "1")
}

/** A link answers for Pods that are reached by another link of the node: all think that they are on the same. */
export const answerFor = (link: string) => set(`net/ipv4/conf/${link}/proxy_arp`, "1")

/** A new address of IPv6 may not be used for a second, while the kernel asks whether another has it: nobody has the bridge's. */
export const dontAsk = (link: string) => set(`net/ipv6/conf/${link}/accept_dad`, "0")

export const restore = Effect.fnUntraced(function* (directory: string) {
  if (!existsSync(noted(directory))) return
  const before = yield* Schema.decodeEffect(Before)(readFileSync(noted(directory), "utf8"))
  // Forwarding first: switching it changes the others.
  yield* Effect.try(() => Object.entries(before.switches).forEach(([name, value]) => set(name, value)))
  yield* HostPorts.sweep(before.withoutNat)
})
