/**
 * Where faults are made: network namespaces of our own, one for each server and process, on a bridge in another of ours. What one
 * may send to another is decided on the bridge, so that nothing of it is seen outside. Each store server has a small disk of its own.
 */
import { Effect, Schema } from "effect"
import { spawnSync } from "node:child_process"
import { closeSync, existsSync, globSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs"
import { join } from "node:path"

export class NoSite extends Schema.TaggedError<NoSite>()("NoSite", { command: Schema.String, said: Schema.String }) {
  override get message() {
    return `${this.command}: ${this.said.trim()}`
  }
}

const run = (command: string, args: ReadonlyArray<string>, input = "") => {
  const { status, stderr } = spawnSync(command, args, { input, encoding: "utf8" })
  return { isDone: status === 0, said: stderr }
}
const must = (command: string, args: ReadonlyArray<string>, input?: string) =>
  Effect.suspend(() => {
    const { isDone, said } = run(command, args, input)
    return isDone ? Effect.void : new NoSite({ command: [command, ...args].join(" "), said })
  })

/** What this machine lacks for it. */
export const missing = (): ReadonlyArray<string> => [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["ip", "nft", "nsenter", "mkfs.ext4", "mount"].filter((program) => !run("which", [program]).isDone)
]

const ruleset = `table bridge faults {
  set cut { type ifname . ifname; }
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname . oifname @cut drop
  }
}`

export interface Site {
  readonly addressOf: (name: string) => string
  /** Before a command that is to run there. */
  readonly within: (name: string) => ReadonlyArray<string>
  /** What the first sends does not come to the second. */
  readonly cut: (from: string, to: string) => void
  readonly mend: (from: string, to: string) => void
  readonly link: (name: string, state: "up" | "down") => void
}

/** What a run has left behind whose process is gone: its namespaces, and what still runs in them. */
const sweep = () => {
  for (const path of globSync("/run/netns/kt-faults-*")) {
    const name = path.slice("/run/netns/".length)
    const owner = name.split("-")[2] ?? ""
    if (existsSync(`/proc/${owner}`)) continue
    const { stdout } = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" })
    for (const pid of stdout.split("\n").filter(Boolean)) run("kill", ["-KILL", pid])
    run("ip", ["netns", "del", name])
  }
}

/** Ends with the scope. */
export const make = Effect.fn("Site.make")(function* (names: ReadonlyArray<string>) {
  sweep()
  const parent = `kt-faults-${process.pid}`
  const spaceOf = (name: string) => `${parent}-${name}`
  const addressOf = (name: string) => `10.99.0.${names.indexOf(name) + 11}`
  yield* Effect.acquireRelease(
    Effect.forEach([parent, ...names.map(spaceOf)], (space) => must("ip", ["netns", "add", space]), { discard: true }),
    () => Effect.sync(() => [...names.map(spaceOf), parent].forEach((space) => run("ip", ["netns", "del", space])))
  )
  yield* must("ip", ["-n", parent, "link", "add", "br0", "type", "bridge"])
  yield* must("ip", ["-n", parent, "link", "set", "br0", "up"])
  for (const name of names) {
    const space = spaceOf(name)
    yield* must("ip", ["-n", parent, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", space])
    yield* must("ip", ["-n", parent, "link", "set", name, "master", "br0", "up"])
    yield* must("ip", ["-n", space, "addr", "add", `${addressOf(name)}/24`, "dev", "eth0"])
    yield* must("ip", ["-n", space, "link", "set", "eth0", "up"])
    yield* must("ip", ["-n", space, "link", "set", "lo", "up"])
  }
  yield* must("ip", ["netns", "exec", parent, "nft", "-f", "-"], ruleset)
  const nft = (verb: "add" | "delete", from: string, to: string) =>
    void run("ip", ["netns", "exec", parent, "nft", verb, "element", "bridge", "faults", "cut", `{ "${from}" . "${to}" }`])
  const site: Site = {
    addressOf,
    within: (name) => ["nsenter", `--net=/run/netns/${spaceOf(name)}`],
    cut: (from, to) => nft("add", from, to),
    // What is not cut cannot be mended: two faults may have cut the same.
    mend: (from, to) => nft("delete", from, to),
    link: (name, state) => void run("ip", ["-n", parent, "link", "set", name, state])
  }
  return site
})

export interface Disk {
  readonly directory: string
  /** Leaves no room at all. */
  readonly fill: () => void
  readonly clear: () => void
  readonly freeMiB: () => number
}

const isMounted = (directory: string) => readFileSync("/proc/mounts", "utf8").includes(` ${directory} `)

/** A filesystem in a file, that stays when the run ends and is there again when it goes on. */
export const disk = Effect.fn("Site.disk")(function* (directory: string, sizeMiB: number) {
  const image = `${directory}.img`
  const ballast = join(directory, "ballast")
  mkdirSync(directory, { recursive: true })
  if (!existsSync(image) || statSync(image).size === 0) {
    closeSync(openSync(image, "w"))
    yield* must("truncate", ["-s", `${sizeMiB}M`, image])
    yield* must("mkfs.ext4", ["-q", "-m", "0", image])
  }
  yield* Effect.acquireRelease(
    isMounted(directory) ? Effect.void : must("mount", ["-o", "loop,noatime", image, directory]),
    () => Effect.sync(() => run("umount", ["--lazy", directory]))
  )
  const free = () => {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  }
  const made: Disk = {
    directory,
    fill: () => {
      // What others free meanwhile is taken too.
      for (let part = 0; part < 20 && free() > 0; part++) run("fallocate", ["-l", `${free()}`, `${ballast}.${part}`])
    },
    clear: () => globSync("ballast.*", { cwd: directory }).forEach((part) => rmSync(join(directory, part), { force: true })),
    freeMiB: () => Math.round(free() / 2 ** 20)
  }
  made.clear()
  return made
})
