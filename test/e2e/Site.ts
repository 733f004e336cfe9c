/**
 * A machine for one cluster: a network namespace with an address of its own and a way out that leads nowhere, and an empty data
 * directory. It knows what was there before, and so what a cluster has left behind.
 */
import { Context, Effect, Layer, Schedule } from "effect"
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Machine from "./Machine.ts"

export interface Shape {
  readonly name: string
  readonly dataDir: string
  /** The machine's address, by which it is also reached from outside. */
  readonly address: string
  /** How a program is started in it. `ip netns exec` would hide the cgroups. */
  readonly inside: ReadonlyArray<string>
  /** What a cluster has left here; it may need a moment until the kernel has taken all away. */
  readonly remains: Effect.Effect<Remains>
}
export class Site extends Context.Service<Site, Shape>()("test/e2e/Site") {}

const listOf = (path: string) => {
  try {
    return readdirSync(path)
  } catch {
    // It is not there: nothing is in it.
    return []
  }
}

/** Whether a process is in it, or below it. */
const isUsed = (cgroup: string): boolean =>
  Machine.textOf(join(cgroup, "cgroup.procs")) !== "" ||
  listOf(cgroup).some(
    (name) => statSync(join(cgroup, name), { throwIfNoEntry: false })?.isDirectory() && isUsed(join(cgroup, name))
  )

/** The folders of Pods in every hierarchy that nobody is in: who is in one is told as a process, or belongs to another cluster. */
const cgroups = (path = "/sys/fs/cgroup", depth = 0): ReadonlyArray<string> =>
  listOf(path)
    .map((name) => join(path, name))
    .filter((each) => depth < 3 && (statSync(each, { throwIfNoEntry: false })?.isDirectory() ?? false))
    .flatMap((each) => [
      ...(/(kubepods(-[^/]*)?|k8s\.io)(\/.*pod[^/]*)?$/.test(each) && !isUsed(each) ? [each] : []),
      ...cgroups(each, depth + 1)
    ])

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")

const look = Effect.fnUntraced(function* (inside: ReadonlyArray<string>, dataDir: string) {
  const ask = (program: string, ...args: ReadonlyArray<string>) =>
    Effect.map(Machine.run("nsenter", [...inside.slice(1), program, ...args]), ({ stdout }) => lines(stdout))
  return {
    links: yield* ask("ip", "-brief", "link"),
    addresses: yield* ask("ip", "-4", "-brief", "address"),
    routes: yield* ask("ip", "route"),
    rules: yield* ask("nft", "list", "ruleset"),
    chains: Machine.has("iptables-legacy-save") ? yield* ask("iptables-legacy-save") : [],
    sysctls: yield* ask("sh", "-c", "grep -H . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/route_localnet"),
    // Other tests that run at the same time have theirs.
    namespaces: listOf("/run/netns").filter((name) => !/^(kt|laws)-/.test(name)),
    sockets: listOf("/run").filter((name) => name.startsWith("keelson")),
    cgroups: cgroups(),
    mounts: Machine.mounts().filter((line) => line.includes(dataDir))
  }
})
type Looks = Effect.Success<ReturnType<typeof look>>
export type Remains = { readonly [K in keyof Looks | "processes"]: ReadonlyArray<string> }

/** What nobody left behind. */
export const nothing: Remains = {
  links: [],
  addresses: [],
  routes: [],
  rules: [],
  chains: [],
  sysctls: [],
  namespaces: [],
  sockets: [],
  cgroups: [],
  mounts: [],
  processes: []
}

const ours = (dataDir: string, network: string) =>
  Machine.processes().filter(
    (each) => each.network === network || each.command.includes(dataDir) || each.root.includes(`${dataDir}/`)
  )

const isEmpty = (remains: Remains) => Object.values(remains).every((some) => some.length === 0)

/** The ranges for documentation: RFC 5737. A machine may be in one of them itself. */
const documentation = ["198.51.100", "203.0.113", "192.0.2"]

/** Of 64 pairs of addresses, one that no other run has, in a range that the machine has no other use for. */
const addresses = Effect.gen(function* () {
  const taken = yield* Machine.output("ip", ["-4", "-brief", "address"])
  const isOfOthers = (range: string) => new RegExp(`\\b${range.replaceAll(".", "\\.")}\\.\\d+/(?!30\\b)`).test(taken)
  const range = documentation.find((one) => !isOfOthers(one)) ?? "198.51.100"
  const free = Array.from({ length: 64 }, (_, index) => index * 4).filter(
    (index) => !taken.includes(`${range}.${index + 1}/`)
  )
  const index = free[process.pid % free.length] ?? 0
  return { outside: `${range}.${index + 1}`, address: `${range}.${index + 2}` }
})

const namespace = Effect.fnUntraced(function* (name: string) {
  const { address, outside } = yield* addresses
  const link = name.replace("kt-e2e-", "kte")
  const ip = (...args: ReadonlyArray<string>) => Machine.output("ip", args)
  yield* Effect.acquireRelease(ip("netns", "add", name), () => Effect.ignore(ip("netns", "delete", name)))
  yield* ip("-n", name, "link", "set", "lo", "up")
  yield* Effect.acquireRelease(ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name), () =>
    Effect.ignore(Machine.run("ip", ["link", "delete", link]))
  )
  yield* ip("address", "add", `${outside}/30`, "dev", link)
  yield* ip("link", "set", link, "up")
  yield* ip("-n", name, "address", "add", `${address}/30`, "dev", "eth0")
  yield* ip("-n", name, "link", "set", "eth0", "up")
  yield* ip("-n", name, "route", "add", "default", "via", outside)
  return address
})

const make = Effect.gen(function* () {
  const dataDir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-e2e-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const name = dataDir.split("/").at(-1) ?? ""
  const address = yield* namespace(name)
  const inside = ["nsenter", `--net=/run/netns/${name}`, "--"]
  const network = (yield* Machine.output("nsenter", [...inside.slice(1), "readlink", "/proc/self/ns/net"])).trim()
  const before = yield* look(inside, dataDir)

  const remains = Effect.gen(function* (): Effect.fn.Return<Remains> {
    const now = yield* look(inside, dataDir)
    const added = (key: keyof Looks) => now[key].filter((line) => !before[key].includes(line))
    return {
      links: added("links"),
      addresses: added("addresses"),
      routes: added("routes"),
      rules: added("rules"),
      chains: added("chains"),
      sysctls: added("sysctls"),
      namespaces: added("namespaces"),
      sockets: added("sockets"),
      cgroups: added("cgroups"),
      mounts: added("mounts"),
      processes: ours(dataDir, network).map(({ command, pid }) => `${pid} ${command}`)
    }
  })
  /** For a cluster that did not clean up after itself: the next test shall not suffer for it. */
  const sweep = Effect.gen(function* () {
    for (const { pid } of ours(dataDir, network)) yield* Effect.ignore(Effect.try(() => process.kill(pid, "SIGKILL")))
    for (const line of Machine.mounts().filter((line) => line.includes(dataDir))) {
      yield* Machine.run("umount", ["-l", line.split(" ")[1] ?? ""])
    }
  })
  yield* Effect.addFinalizer(() => Effect.repeat(sweep, Schedule.recurs(2)))
  return Site.of({
    name,
    dataDir,
    address,
    inside,
    remains: remains.pipe(Effect.repeat({ until: isEmpty, schedule: Schedule.spaced("200 millis"), times: 25 }))
  })
})

export const layer = Layer.effect(Site, make)
