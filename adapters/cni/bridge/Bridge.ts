/**
 * The network of a node by CNI's own plugins: a bridge, addresses from the node's range, host ports. What Pods send out of the
 * cluster leaves with the node's address; to one another they speak with their own.
 */
import { Effect, Layer, Schema } from "effect"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { NetworkConfiguration } from "../../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Program from "../../Program.ts"
import * as HostPorts from "./HostPorts.ts"

export interface Options {
  /** Where the addresses given are noted. */
  readonly directory: string
  /** The name of the link: at most 15 characters. */
  readonly bridge?: string
}

type Write = Parameters<NetworkConfiguration["Service"]["write"]>[0]

const file = "10-keelson.conflist"
const table = "keelson-masq"

export const conflist = ({ bridge = "keelson0", directory }: Options, { mtu, podCidrs }: Write) =>
  `${JSON.stringify(
    {
      cniVersion: "0.4.0",
      name: "keelson",
      plugins: [
        {
          type: "bridge",
          bridge,
          isGateway: true,
          isDefaultGateway: true,
          hairpinMode: true,
          ipMasq: false,
          ...(mtu !== undefined && { mtu }),
          ipam: {
            type: "host-local",
            dataDir: join(directory, "ipam"),
            ranges: podCidrs.map((subnet) => [{ subnet }])
          }
        },
        { type: "portmap", capabilities: { portMappings: true }, snat: true }
      ]
    },
    null,
    2
  )}\n`

/** Replaces the whole table in one transaction. */
export const masquerade = (podCidrs: ReadonlyArray<string>, clusterCidrs: ReadonlyArray<string>) => {
  const inside = [...new Set([...podCidrs, ...clusterCidrs])].join(", ")
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr { ${podCidrs.join(", ")} } ip daddr != { ${inside}, 224.0.0.0/4 } masquerade fully-random
  }
}
`
}

const isIpv4 = (cidr: string) => !cidr.includes(":")

/** What has to be switched on for Pods to reach others. */
const switches = ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"]

/** How the machine was before: the values of switches, and which families had no table `nat`. It is put back at the end. */
const Before = Schema.fromJsonString(
  Schema.Struct({ switches: Schema.Record(Schema.String, Schema.String), withoutNat: Schema.Array(Schema.String) })
)

const make = Effect.fnUntraced(function* (options: Options) {
  const { bridge = "keelson0", directory } = options
  const noted = join(directory, "before.json")
  const failed = (cause: unknown) => new Unavailable({ contract: NetworkConfiguration.key, applied: "unknown", cause })
  const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: failed })

  const note = Effect.gen(function* () {
    if (existsSync(noted)) return
    yield* attempt(() => mkdirSync(directory, { recursive: true, mode: 0o700 }))
    const values = switches.map((name) => [name, join("/proc/sys", name)] as const).filter(([, path]) => existsSync(path))
    const before = {
      switches: Object.fromEntries(values.map(([name, path]) => [name, readFileSync(path, "utf8").trim()])),
      withoutNat: yield* HostPorts.without
    }
    yield* attempt(() => writeFileSync(noted, JSON.stringify(before), { mode: 0o600 }))
  })
  const switchOn = () => {
    for (const name of switches) {
      const path = join("/proc/sys", name)
      if (existsSync(path) && readFileSync(path, "utf8").trim() !== "1") writeFileSync(path, "1")
    }
  }
  const restore = Effect.gen(function* () {
    const before = yield* Schema.decodeEffect(Before)(readFileSync(noted, "utf8"))
    for (const name of switches) {
      const value = before.switches[name]
      if (value !== undefined && value !== "1") writeFileSync(join("/proc/sys", name), value)
    }
    yield* HostPorts.sweep(before.withoutNat)
  })

  // Already now, because others switch the same on. Who cannot tell yet is asked again when it matters.
  yield* Effect.ignore(note)
  return NetworkConfiguration.of({
    write: Effect.fn("bridge.write")(function* (network) {
      yield* attempt(() => {
        mkdirSync(network.folder, { recursive: true, mode: 0o755 })
      })
      yield* note
      yield* attempt(() => {
        switchOn()
        const path = join(network.folder, file)
        const text = conflist(options, network)
        if (existsSync(path) && readFileSync(path, "utf8") === text) return
        writeFileSync(`${path}.new`, text, { mode: 0o600 })
        renameSync(`${path}.new`, path)
      })
      const own = network.podCidrs.filter(isIpv4)
      const rules = masquerade(own, (network.clusterCidrs ?? []).filter(isIpv4))
      if (own.length > 0) yield* Effect.mapError(Program.run("nft", ["-f", "-"], rules), failed)
    }),
    remove: Effect.fn("bridge.remove")(function* ({ folder }) {
      yield* attempt(() => rmSync(join(folder, file), { force: true }))
      yield* Effect.ignore(Program.run("nft", ["delete", "table", "ip", table]))
      yield* Effect.ignore(Program.run("ip", ["link", "delete", bridge]))
      if (existsSync(noted)) yield* Effect.ignore(restore)
      yield* attempt(() => rmSync(directory, { recursive: true, force: true }))
    })
  })
})

export const layer = (options: Options) => Layer.effect(NetworkConfiguration, make(options))

export const plugin = (options: Options) =>
  Plugin.make({ name: "cni-bridge", offers: [NetworkConfiguration], layer: layer(options) })
