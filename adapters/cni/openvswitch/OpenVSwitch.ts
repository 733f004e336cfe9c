/**
 * A network of Pods on Open vSwitch, written here: a switch of the node's own, a pair of links for each Pod, addresses of the node's
 * ranges. Where the kernel has no Open vSwitch, its daemon forwards by itself. Runtimes that call CNI ask the agent for it.
 */
import { Context, Effect, Layer, Option, Schema, Semaphore } from "effect"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { NetworkAttachment, NetworkFull, NetworkRefused } from "../../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Program from "../../Program.ts"
import * as AgentConfiguration from "../AgentConfiguration.ts"
import * as Attachments from "../Attachments.ts"
import * as Chain from "../Chain.ts"
import { CniError, codes } from "../Cni.ts"
import * as Conflist from "../Conflist.ts"
import * as Leftovers from "../Leftovers.ts"
import * as Local from "../Local.ts"
import * as Masquerade from "../Masquerade.ts"
import * as Pool from "../Pool.ts"
import * as Range from "../Range.ts"
import * as Records from "../Records.ts"
import * as Switches from "../Switches.ts"
import * as Daemons from "./Daemons.ts"
import * as Links from "./Links.ts"

export interface Options extends AgentConfiguration.Options {
  /** The name of the switch, and of its link on the node: at most 15 characters. */
  readonly bridge?: string
  /** Absent: the kernel's where it is loaded. */
  readonly datapath?: Links.Bridge["datapath"]
}

const network = "openvswitch"

/** What the node was told last: an agent that is started again attaches before it is told anew. */
const Node = Schema.fromJsonString(
  Schema.Struct({ podCidrs: Schema.Array(Schema.String), mtu: Schema.optionalKey(Schema.Int) })
)
const decodeNode = Schema.decodeUnknownOption(Node)
const fileIn = (directory: string) => join(directory, "openvswitch.json")
const told = (directory: string) =>
  existsSync(fileIn(directory)) ? Option.getOrUndefined(decodeNode(readFileSync(fileIn(directory), "utf8"))) : undefined
const tell = (directory: string, { mtu, podCidrs }: Conflist.Write) => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(`${fileIn(directory)}.new`, JSON.stringify({ podCidrs, ...(mtu !== undefined && { mtu }) }), { mode: 0o600 })
  renameSync(`${fileIn(directory)}.new`, fileIn(directory))
}

const rangesOf = (podCidrs: ReadonlyArray<string>) => podCidrs.flatMap((cidr) => Range.make(cidr) ?? [])

const unavailable = (cause: unknown) => new Unavailable({ contract: NetworkAttachment.key, applied: "unknown", cause })
const asCni = (command: string) => (error: { readonly message: string }) =>
  new CniError({ plugin: network, command, code: codes.other, msg: error.message, details: "" })

const make = Effect.fnUntraced(function* (options: Options) {
  const { bridge: name = "keelson-ovs", directory } = options
  const programs = AgentConfiguration.programsOf(options)
  const place = Daemons.placeIn(directory)
  const datapath = options.datapath ?? (existsSync("/sys/module/openvswitch") ? "system" : "netdev")
  const bridge = (): Links.Bridge => ({ name, datapath, mtu: told(directory)?.mtu ?? 1500 })
  const pool = Local.poolIn(directory)
  const folder = Attachments.recordsIn(directory)
  const own = Effect.map(Records.all(folder), (records) => records.filter((record) => record.network === network))

  /** Those that it leaves when it ends: its own, and one that belongs to no switch in particular. */
  const links = [name, ...(datapath === "netdev" ? ["ovs-netdev"] : [])]

  /** It is started and taken away by one at a time. */
  const alone = Semaphore.makeUnsafe(1).withPermits(1)

  /** The switch with the node's own addresses, which go with the daemon that has the link. */
  const setUp = Effect.fn("OpenVSwitch.setUp")(function* () {
    yield* Daemons.run(place)
    const { mtu } = bridge()
    yield* Daemons.vsctl(
      place,
      ...["--may-exist", "add-br", name, "--", "set", "bridge", name, `datapath_type=${datapath}`],
      ...["--", "set", "interface", name, `mtu_request=${mtu}`]
    )
    // A way to each Pod and none to the range: Pods of another network that was the node's are still where they were.
    const addresses = rangesOf(told(directory)?.podCidrs ?? []).map(
      ({ family, gateway, prefix }) =>
        `address replace ${gateway}/${prefix} dev ${name} noprefixroute${family === 6 ? " nodad" : ""}`
    )
    const results = yield* Effect.forEach(yield* own, (record) => Effect.orElseSucceed(Chain.resultOf(record), () => ({})))
    const routes = results.flatMap(Attachments.addressesOf).map((address) => `route replace ${address} dev ${name}`)
    yield* Effect.mapError(
      Program.run("ip", ["-batch", "-"], `${[...addresses, `link set ${name} up`, ...routes].join("\n")}\n`),
      ({ detail }) => new Daemons.SwitchFailed({ message: `the switch has no address: ${detail}` })
    )
    Switches.answerFor(name)
    for (const link of links) Leftovers.noteLink(directory, link)
  }, alone)
  const end = Effect.gen(function* () {
    if (Daemons.isRunning(place)) yield* Effect.ignore(Daemons.vsctl(place, "--if-exists", "del-br", name))
    yield* Daemons.stop(place)
    yield* Effect.forEach(links, (link) => Effect.ignore(Program.run("ip", ["link", "delete", link])), { discard: true })
  })

  /** Ports of Pods that went while another network was the node's. */
  const tidy = Effect.gen(function* () {
    const known = new Set((yield* own).map(Links.portOf))
    const ports = (yield* Daemons.vsctl(place, "list-ports", name)).split("\n").filter((port) => port.startsWith("kovs"))
    const lost = ports.filter((port) => !known.has(port))
    yield* Effect.forEach(lost, (port) => Daemons.vsctl(place, "--if-exists", "del-port", name, port), { discard: true })
  })

  const take = Effect.fnUntraced(function* (record: Records.Record) {
    const ranges = rangesOf(told(directory)?.podCidrs ?? [])
    return yield* Effect.forEach(ranges, (range, index) => {
      const address = Pool.reserve(pool, range, index, record)
      if (address !== undefined) return Effect.succeed({ address, range })
      const [size, used] = [Range.sizeOf(range), Pool.used(pool, range)]
      return Effect.fail(new NetworkFull({ network, range: range.cidr, size, used }))
    })
  })

  const attachment = yield* Attachments.make(
    { directory, programs },
    {
      name: network,
      prepare: Effect.fnUntraced(function* (asked) {
        if (rangesOf(told(directory)?.podCidrs ?? []).length === 0)
          return yield* new NetworkRefused({ network, code: codes.tryAgainLater, message: Conflist.unconfigured })
        if (asked.bandwidth !== undefined)
          yield* Effect.logWarning(`${asked.pod} asks for a bandwidth, which this network does not limit`)
        if (asked.ports.length === 0) return {}
        const capabilities = Conflist.capabilities(asked)
        return { cni: { list: Conflist.hostPortsOnly, version: "0.4.0", capabilities, args: Conflist.argsOf(asked) } }
      }),
      add: Effect.fn("OpenVSwitch.add")(function* (record) {
        yield* Effect.mapError(
          Effect.suspend(() => (Daemons.isRunning(place) ? Effect.void : setUp())),
          asCni("ADD")
        )
        const addresses = yield* take(record)
        const result = yield* Effect.mapError(Links.add(place, bridge(), record, addresses), asCni("ADD"))
        if (record.cni !== undefined) yield* Chain.add(programs, { ...record, result }, record.cni)
        return result
      }),
      del: Effect.fn("OpenVSwitch.del")(function* (record) {
        if (record.cni !== undefined) yield* Chain.del(programs, record, record.cni)
        yield* Local.unroute(record)
        const port = Links.portOf(record)
        if (Daemons.isRunning(place))
          yield* Effect.mapError(Daemons.vsctl(place, "--if-exists", "del-port", port), asCni("DEL"))
        yield* Effect.mapError(Links.remove(record), ({ detail }) => asCni("DEL")({ message: detail }))
      }),
      check: Effect.fn("OpenVSwitch.check")(function* (record) {
        const addresses = Attachments.addressesOf(yield* Chain.resultOf(record))
        const problem = yield* Effect.mapError(Links.problem(place, bridge(), record, addresses), asCni("CHECK"))
        if (problem !== undefined) return yield* asCni("CHECK")({ message: problem })
      }),
      status: Effect.sync(() => {
        if (told(directory) === undefined) return { ready: false, limited: false, message: Conflist.unconfigured }
        if (Daemons.isRunning(place)) return { ready: true, limited: false, message: "" }
        return { ready: false, limited: true, message: "Open vSwitch does not run on this node; it is started again" }
      })
    }
  )

  const configuration = yield* AgentConfiguration.make(options, attachment, {
    capabilities: { portMappings: true },
    write: Effect.fnUntraced(function* (write) {
      yield* Switches.note(directory)
      yield* Effect.try(() => {
        Switches.on([...new Set(write.podCidrs.map(Range.familyOf))])
        tell(directory, write)
      })
      yield* setUp()
      yield* Masquerade.set(write.podCidrs, write.clusterCidrs ?? [])
    }, Effect.mapError(unavailable)),
    remove: Effect.gen(function* () {
      rmSync(fileIn(directory), { force: true })
      yield* end
      yield* Local.tearDown(directory)
    }).pipe(alone)
  })

  // While Pods are attached to it, the switch stays: for us when we are started again, or until the node's end.
  yield* Effect.addFinalizer(() => Effect.flatMap(own, (records) => (records.length > 0 ? Effect.void : end)))
  // What ran before is found again; who has Pods here and is not told anew has them connected all the same.
  if (told(directory) !== undefined) {
    yield* setUp()
    yield* Effect.ignore(tidy)
  }
  const watch = Effect.gen(function* () {
    yield* Effect.sleep("1 second")
    if (told(directory) === undefined || Daemons.isRunning(place)) return
    yield* Effect.logWarning("Open vSwitch ended; it is started again")
    yield* setUp()
  })
  yield* Effect.forkScoped(
    Effect.forever(Effect.catch(watch, (error) => Effect.logWarning("Open vSwitch cannot be started", error)))
  )
  return Context.make(NetworkConfiguration, configuration).pipe(Context.add(NetworkAttachment, attachment))
})

export const layer = (options: Options) => Layer.effectContext(make(options))

export const plugin = (options: Options) =>
  Plugin.make({ name: "cni-openvswitch", offers: [NetworkConfiguration, NetworkAttachment], layer: layer(options) })
