/** What flanneld is told, and what it tells: its folder, its network configuration, and the file of variables that it writes. */
import { Effect, Schedule, Schema } from "effect"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { familyOf, make } from "../Range.ts"

export class NoSubnet extends Schema.TaggedError<NoSubnet>()("NoSubnet", { message: Schema.String }) {}

/** Beside that of the node's network, `cni`. */
export const folderOf = (directory: string) => join(dirname(directory), "flanneld")

export const filesIn = (directory: string) => {
  const folder = folderOf(directory)
  const file = (name: string) => join(folder, name)
  return {
    folder,
    netConf: file("net-conf.json"),
    kubeconfig: file("kubeconfig"),
    subnet: file("subnet.env"),
    pid: file("flanneld.pid"),
    log: file("flanneld.log")
  }
}

/** Source: Flannel's "Configuration" document. */
export const netConf = (podCidrs: ReadonlyArray<string>, backend: string, vni: number) => {
  const of = (family: 4 | 6) => podCidrs.find((cidr) => familyOf(cidr) === family)
  const [network, network6] = [of(4), of(6)]
  return {
    EnableIPv4: network !== undefined,
    ...(network !== undefined && { Network: network }),
    ...(network6 !== undefined && { EnableIPv6: true, IPv6Network: network6 }),
    EnableNFTables: true,
    Backend: { Type: backend, ...(backend === "vxlan" && { VNI: vni }) }
  }
}

/** The node's own address in its range stands for the range: `10.244.1.1/24`. */
export const read = (text: string, podCidrs: ReadonlyArray<string>) => {
  const values = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]))
  const subnets = [values.get("FLANNEL_SUBNET"), values.get("FLANNEL_IPV6_SUBNET")]
  const gateways = podCidrs.map((cidr) => `${make(cidr)?.gateway}/${cidr.split("/")[1]}`)
  const mtu = Number(values.get("FLANNEL_MTU"))
  return gateways.every((gateway) => subnets.includes(gateway)) && mtu > 0 ? { mtu } : undefined
}

/** What flanneld says about these ranges: a file of before may be about others. */
export const wait = Effect.fn("flanneld.wait")(function* (directory: string, podCidrs: ReadonlyArray<string>) {
  const { log, subnet } = filesIn(directory)
  const once = Effect.try(() => read(readFileSync(subnet, "utf8"), podCidrs)).pipe(Effect.orElseSucceed(() => undefined))
  const found = yield* once.pipe(
    Effect.repeat({ until: (found) => found !== undefined, schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.succeed(undefined) })
  )
  return (
    found ?? (yield* new NoSubnet({ message: `flanneld has not said that it serves ${podCidrs.join(", ")}: see ${log}` }))
  )
})
