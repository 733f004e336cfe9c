/**
 * The command that starts a program in namespaces of its own: it sees the files that it is given and no others, no network
 * but its own loopback, none of the processes outside, and has no privileges. Only programs of util-linux and iproute2 are used.
 */
import { existsSync, lstatSync, readlinkSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { isIP } from "node:net"
import type { Command } from "./Process.ts"

export interface Jail {
  /** An empty folder, which becomes the root of what the program sees. */
  readonly root: string
  readonly read: ReadonlyArray<string>
  readonly write: ReadonlyArray<string>
  /** What the program finds elsewhere than it is here. */
  readonly mounts: ReadonlyArray<readonly [from: string, to: string]>
  /** Hosts that lead to its own loopback. */
  readonly hosts: ReadonlyArray<Host>
  /** Files that it writes itself into first. */
  readonly joins: ReadonlyArray<string>
}
/** `address` is on its loopback: its own if it is one, and one that stands for a name otherwise. */
export interface Host {
  readonly name: string
  readonly address: string
}

const tools = ["unshare", "mount", "umount", "pivot_root", "setpriv", "prlimit", "ip", "sh"] as const
const folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
const find = (tool: string) => folders.map((folder) => `${folder}/${tool}`).find((path) => existsSync(path))

/** What this machine lacks to make one. Whether it may be made, only trying shows. */
export const lacks = () => (process.platform === "linux" ? tools.filter((tool) => find(tool) === undefined) : ["Linux"])

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const nobody = 65534

/** Shared libraries, by which programs run at all. Where these folders are links, so they are in there. */
const libraries = ["/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64"]
const linked = (path: string) => existsSync(path) && lstatSync(path).isSymbolicLink()
const devices = ["/dev/null", "/dev/zero", "/dev/urandom"]

const script = (jail: Jail, { args, file }: Command, isRoot: boolean) => {
  const at = (path: string) => quote(`${jail.root}${path}`)
  const bind = (from: string, to: string, mode: "ro" | "rw") => [
    // What is a link here is in there what it leads to.
    statSync(from).isDirectory() ? `mkdir -p ${at(to)}` : `mkdir -p ${at(dirname(to))}; : > ${at(to)}`,
    `mount --bind ${quote(from)} ${at(to)}`,
    `mount -o remount,bind,${mode},nosuid,nodev ${at(to)}`
  ]
  const setpriv = find("setpriv") ?? "setpriv"
  const umount = find("umount") ?? "umount"
  const shown = [
    ...libraries.filter((path) => existsSync(path) && !linked(path)),
    "/etc/ld.so.cache",
    setpriv,
    file,
    ...jail.read
  ]
  const names = jail.hosts.filter(({ address, name }) => address !== name)
  const identity = isRoot ? ["--reuid", `${nobody}`, "--regid", `${nobody}`, "--clear-groups"] : []
  const drop = ["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", "--pdeathsig", "KILL"]
  return [
    ...jail.joins.map((path) => `echo 0 > ${quote(path)}`),
    `mount -t tmpfs -o mode=755,nosuid,nodev,size=64m tmpfs ${at("")}`,
    ...libraries.filter(linked).map((path) => `ln -s ${quote(readlinkSync(path))} ${at(path)}`),
    ...[...new Set(shown)].filter((path) => existsSync(path)).flatMap((path) => bind(path, path, "ro")),
    ...[...new Set(jail.write)].flatMap((path) => bind(path, path, "rw")),
    ...jail.mounts.flatMap(([from, to]) => bind(from, to, "rw")),
    `mkdir -p ${["/dev", "/tmp", "/etc", "/proc", "/.old"].map(at).join(" ")}; chmod 1777 ${at("/tmp")}`,
    `mount -t proc -o ro,nosuid,nodev,noexec proc ${at("/proc")}`,
    ...devices.map((path) => `: > ${at(path)}; mount --bind ${path} ${at(path)}`),
    `printf '%s\\n' '127.0.0.1 localhost' ${names.map(({ address, name }) => quote(`${address} ${name}`)).join(" ")} > ${at("/etc/hosts")}`,
    `${find("ip") ?? "ip"} link set lo up`,
    ...jail.hosts
      .filter(({ address, name }) => address === name && !address.startsWith("127."))
      .map(({ address }) => `ip address add ${address}/${isIP(address) === 6 ? 128 : 32} dev lo`),
    `echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start`,
    `cd ${at("")}; pivot_root . .old; cd /`,
    `/.old${umount} -l /.old`,
    `exec ${setpriv} ${[...identity, ...drop, "--", file, ...args].map(quote).join(" ")}`
  ].join("\n")
}

/** Where programs and what nobody keeps lie in there. */
export const environment = { PATH: folders.join(":"), HOME: "/tmp" }

/** `command`, in a jail. It ends with this process. */
export const around = (jail: Jail, command: Command): Command => {
  const isRoot = process.getuid?.() === 0
  const spaces = [
    "--mount",
    "--net",
    "--pid",
    "--ipc",
    "--uts",
    "--cgroup",
    ...(isRoot ? [] : ["--user", "--map-root-user"])
  ]
  const tool = (name: (typeof tools)[number]) => find(name) ?? name
  return {
    file: tool("setpriv"),
    args: [
      ...["--pdeathsig", "KILL", "--", tool("prlimit"), "--core=0", "--nofile=4096", "--"],
      ...[tool("unshare"), ...spaces, "--propagation", "private", "--fork", "--kill-child=KILL", "--"],
      ...[tool("sh"), "-euc", script(jail, command, isRoot)]
    ],
    env: { ...command.env, ...environment }
  }
}
