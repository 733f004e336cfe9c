/** Settings of the kernel's network that Services need. What was changed is put back when the scope closes. */
import { Effect } from "effect"
import type { Run } from "./Command.ts"

const needed = [
  // Packets from Pods to Services and to other nodes pass through this one.
  "net/ipv4/ip_forward",
  // An answer between two Pods of one bridge must pass the translation too.
  "net/bridge/bridge-nf-call-iptables"
]

const one = Effect.fnUntraced(function* (run: Run, name: string) {
  const path = `/proc/sys/${name}`
  const before = (yield* run(["cat", path])).trim()
  if (before === "1") return
  const set = (value: string) => run(["sh", "-c", `echo ${value} > ${path}`])
  yield* Effect.acquireRelease(set("1"), () => Effect.ignore(set(before)))
})

/** A setting that is not there or not ours to change is told and left: somebody else may have seen to it. */
export const apply = Effect.fnUntraced(function* (run: Run) {
  // Without this module the second setting does not exist. It may be built in, or be loaded by whoever owns this machine.
  yield* Effect.ignore(run(["modprobe", "br_netfilter"]))
  for (const name of needed) {
    yield* Effect.catch(one(run, name), ({ detail }) => Effect.logWarning(`${name} is not set`, detail))
  }
})
