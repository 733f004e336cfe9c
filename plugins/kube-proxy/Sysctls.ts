/** Settings of the kernel's network that Services need. What was changed is put back when the last proxy here has ended. */
import { Effect } from "effect"
import type { Node } from "./Command.ts"
import * as Held from "./Held.ts"

/** Packets from Pods to Services and to other nodes pass through this one; answers between Pods of one bridge pass the translation. */
const needed = {
  IPv4: ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"],
  IPv6: ["net/ipv6/conf/all/forwarding", "net/bridge/bridge-nf-call-ip6tables"]
} as const

const one = Effect.fnUntraced(function* ({ name: node, run }: Node, setting: string) {
  const path = `/proc/sys/${setting}`
  const set = (value: string) => run(["sh", "-c", `echo ${value} > ${path}`])
  const name = `${node} ${setting}`
  if (!Held.isHeld(name) && (yield* run(["cat", path])).trim() === "1") return
  yield* Held.hold(name, Effect.ignore(set("0")), set("1"))
})

/** A setting that is not there or not ours to change is told and left: somebody else may have seen to it. */
export const apply = Effect.fnUntraced(function* (node: Node, families: ReadonlyArray<"IPv4" | "IPv6">) {
  // Without this module the second setting does not exist. It may be built in, or be loaded by whoever owns this machine.
  yield* Effect.ignore(node.run(["modprobe", "br_netfilter"]))
  for (const setting of families.flatMap((family) => needed[family])) {
    yield* Effect.catch(one(node, setting), ({ detail }) => Effect.logWarning(`${setting} is not set`, detail))
  }
})
