/**
 * What further nodes on this machine need: for each a process that holds its namespaces, a link from there to a bridge, and a way
 * out. The holder outlives us, so that a node whose agent was killed is found again as it was.
 */
import { Effect, Option, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../adapters/Program.ts"
import { further, isDual, type Member, nodeCidr6 } from "./Members.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import * as Paths from "./Paths.ts"
import * as Processes from "./Processes.ts"
import { addressIn, type Settings } from "./Settings.ts"

export class NoFabric extends Schema.TaggedError<NoFabric>()("NoFabric", { message: Schema.String }) {}

/** Names of links have at most 15 characters. */
const bridge = "keelson-nodes"
const linkOf = ({ index }: Member) => `keelson-node${index}`
const table = "keelson-nodes"

const ip = (...args: ReadonlyArray<string>) => Program.run("ip", args)
const within = (pid: number, ...command: ReadonlyArray<string>) =>
  Program.run("nsenter", [`--target=${pid}`, "--net", "--mount", "--", ...command])

const nodeOf = ({ dataDir }: Settings, { name }: Member) => Paths.make(dataDir, name).node
const holderFile = (node: string) => join(node, "holder.pid")

/** Who holds the namespaces of the node in this folder, if it still lives. */
export const holder = (node: string) =>
  Effect.sync(() => (existsSync(holderFile(node)) ? readFileSync(holderFile(node), "utf8") : "")).pipe(
    Effect.map((text) => Option.filter(Processes.decode(text), Processes.isAlive))
  )

/** What is put before a command that shall run in the node of this holder. */
export const inside = (pid: number): ReadonlyArray<string> => [
  ...["nsenter", `--target=${pid}`, "--net", "--mount", `--wd=${process.cwd()}`, "--"]
]

const namespaces = ["net", "mnt"]
const isApart = (pid: number) =>
  namespaces.every((name) => readlinkSync(`/proc/${pid}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`))

/** It waits for nothing. Its argument is how a person who sees it knows whose it is. */
const hold = Effect.fnUntraced(function* (node: string) {
  const file = holderFile(node)
  const pid = yield* Effect.try({
    try: () => {
      mkdirSync(node, { recursive: true, mode: 0o700 })
      writeFileSync(file, "", { mode: 0o600 })
      const args = ["--net", "--mount", "--propagation", "slave", "--", "tail", "-f", file]
      const child = spawn("unshare", args, { detached: true, stdio: "ignore", cwd: "/" })
      child.on("error", () => undefined)
      child.unref()
      return child.pid ?? 0
    },
    catch: (cause) => new NoFabric({ message: `the namespaces of a node cannot be held: ${cause}` })
  })
  yield* Effect.try(() => isApart(pid)).pipe(
    Effect.filterOrFail((apart) => apart),
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 200 }),
    Effect.mapError(
      () => new NoFabric({ message: "a node cannot have namespaces of its own: unshare --net --mount failed" })
    )
  )
  yield* Effect.sync(() => writeFileSync(file, Processes.encode(Processes.of(pid)), { mode: 0o600 }))
  return pid
})

/** The links of further nodes, whosever they are. */
const links = () => readdirSync("/proc/sys/net/ipv4/conf").filter((name) => /^keelson-node\d+$/.test(name))

/** The kernel takes namespaces away when it likes, and links with them. */
const gone = (mine: (name: string) => boolean) =>
  Effect.sync(() => links().filter(mine)).pipe(
    Effect.repeat({ until: ({ length }) => length === 0, schedule: Schedule.spaced("20 millis"), times: 150 })
  )

const hasLink = (name: string) => Effect.isSuccess(ip("link", "show", name))

/** Of who holds a node that can be gone on with: it has a link to here, and the address that it shall have. */
const sound = Effect.fnUntraced(function* (settings: Settings, member: Member) {
  const found = yield* holder(nodeOf(settings, member))
  if (Option.isNone(found) || !(yield* hasLink(linkOf(member)))) return undefined
  const { pid } = found.value
  const addresses = yield* Effect.orElseSucceed(within(pid, "ip", "-4", "-brief", "address", "show", "eth0"), () => "")
  return addresses.includes(` ${member.address}/`) ? pid : undefined
})

/** The machine speaks for its nodes to the outside, which knows nothing of their addresses. */
const masquerade = ({ nodeCidr, podCidr, serviceCidr }: Settings) => {
  const cluster = [nodeCidr, ...Addresses.list(podCidr), ...Addresses.list(serviceCidr)]
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${nodeCidr} ip daddr != { ${cluster.filter((cidr) => Addresses.familyOf(cidr) === 4).join(", ")}, 224.0.0.0/4 } masquerade fully-random
  }
}
`
}

/** An address that is usable at once: nobody else on the link has it. */
const address6 = (address: string) => ["address", "replace", `${address}/${nodeCidr6.split("/")[1]}`, "nodad", "dev"]

const openBridge = Effect.fnUntraced(function* (settings: Settings) {
  const { nodeCidr } = settings
  if (!(yield* hasLink(bridge))) yield* ip("link", "add", bridge, "type", "bridge")
  yield* ip("address", "replace", `${addressIn(nodeCidr, 1)}/${nodeCidr.split("/")[1]}`, "dev", bridge)
  yield* ip("link", "set", bridge, "up")
  if (isDual(settings)) yield* ip(...address6(addressIn(nodeCidr6, 1)), bridge)
  yield* Program.run("nft", ["-f", "-"], masquerade(settings))
})

/** Two clusters would have the same names and addresses. */
const alone = Effect.fnUntraced(function* (members: ReadonlyArray<Member>) {
  const names = members.map(linkOf)
  const [taken] = yield* gone((name) => names.includes(name))
  if (taken === undefined) return
  return yield* new NoFabric({
    message: `--nodes: the link ${taken} is there: another cluster has further nodes on this machine; stop it first`
  })
})

const resolver = "/etc/resolv.conf"
/** Where systemd says whom its own resolver asks. */
const beyond = "/run/systemd/resolve/resolv.conf"
const serversOf = (text: string) => text.split("\n").flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? [])

/** A resolver on the machine's loopback does not answer a further node: it asks those behind it. */
const nameservers = Effect.fnUntraced(function* (pid: number) {
  if (!existsSync(resolver) || !existsSync(beyond)) return
  const isOwn = serversOf(readFileSync(resolver, "utf8")).every((address) => address.startsWith("127."))
  if (isOwn) yield* within(pid, "mount", "--bind", beyond, resolver)
})

const connect = Effect.fnUntraced(function* ({ nodeCidr }: Settings, member: Member, pid: number) {
  const link = linkOf(member)
  yield* ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", `${pid}`)
  yield* ip("link", "set", link, "master", bridge, "up")
  // By a node port of this machine a further node may be led to a Pod of its own: back by the port that it came from.
  yield* ip("link", "set", link, "type", "bridge_slave", "hairpin", "on")
  yield* within(pid, "ip", "link", "set", "lo", "up")
  yield* within(pid, "ip", "address", "add", `${member.address}/${nodeCidr.split("/")[1]}`, "dev", "eth0")
  yield* within(pid, "ip", "link", "set", "eth0", "up")
  if (member.address6 !== "") yield* within(pid, "ip", ...address6(member.address6), "eth0")
  yield* within(pid, "ip", "route", "add", "default", "via", addressIn(nodeCidr, 1))
  yield* nameservers(pid)
})

/** Ready for the agents of all further nodes, of which none is stale: by each name, what its commands run inside of. */
export const open = Effect.fn("Fabric.open")(function* (settings: Settings) {
  const members = further(settings)
  if (members.length === 0) return new Map<string, ReadonlyArray<string>>()
  const one = Effect.fnUntraced(function* (member: Member) {
    const pid = yield* hold(nodeOf(settings, member))
    yield* connect(settings, member, pid)
    return pid
  })
  return yield* Effect.gen(function* () {
    const found = yield* Effect.forEach(members, (member) => sound(settings, member))
    yield* alone(members.filter((_, at) => found[at] === undefined))
    yield* openBridge(settings)
    const enter = Effect.fnUntraced(function* (member: Member, at: number) {
      return [member.name, inside(found[at] ?? (yield* one(member)))] as const
    })
    return new Map(yield* Effect.forEach(members, enter))
  }).pipe(
    Effect.catchTag("ProgramFailed", ({ arguments: args, detail, program }) =>
      Effect.fail(new NoFabric({ message: `--nodes: ${program} ${args.join(" ")}: ${detail}` }))
    )
  )
})

/** The folders of further nodes that were made here, whatever the settings say now. */
export const left = ({ dataDir }: Settings): ReadonlyArray<string> =>
  globSync(join(dataDir, "nodes", "*", "holder.pid")).map((file) => file.slice(0, -"/holder.pid".length))

/** Of these, those that cannot be gone on with: what is left of them has to go first. */
export const stale = Effect.fnUntraced(function* (settings: Settings) {
  const nodes = yield* Effect.filter(further(settings), (member) =>
    Effect.map(sound(settings, member), (pid) => pid !== undefined)
  )
  const wanted = nodes.map((member) => nodeOf(settings, member))
  return left(settings).filter((node) => !wanted.includes(node))
})

/** Takes back a node's namespaces, when nothing runs there any more. */
export const release = Effect.fnUntraced(function* (node: string) {
  const found = yield* holder(node)
  if (Option.isSome(found)) yield* Processes.end(found.value, "5 seconds")
  yield* Effect.sync(() => rmSync(holderFile(node), { force: true }))
})

/** Takes back the bridge, unless a node hangs on it. */
export const close = Effect.gen(function* () {
  const others = yield* gone(() => true)
  if (others.length > 0) return
  yield* Effect.ignore(ip("link", "delete", bridge))
  yield* Effect.ignore(Program.run("nft", ["delete", "table", "ip", table]))
})
