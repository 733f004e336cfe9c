/** What the machine is: its size, kernel and names, read from where Linux tells them. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { arch, cpus, hostname, release, totalmem } from "node:os"

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    return ""
  }
}

const architectures: { readonly [of: string]: string } = { x64: "amd64", arm64: "arm64", arm: "arm", ia32: "386" }

const system = () => /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read("/etc/os-release"))?.[1] ?? "linux"

export interface Machine {
  readonly cpus: number
  readonly memoryBytes: number
  readonly hostname: string
  readonly architecture: string
  readonly kernel: string
  readonly system: string
  readonly machineId: string
  readonly systemId: string
  readonly bootId: string
}

export const machine = Effect.sync((): Machine => {
  const machineId = read("/etc/machine-id") || read("/var/lib/dbus/machine-id")
  return {
    cpus: Math.max(1, cpus().length),
    memoryBytes: totalmem(),
    hostname: hostname().toLowerCase(),
    architecture: architectures[arch()] ?? arch(),
    kernel: release(),
    system: system(),
    machineId,
    systemId: read("/sys/class/dmi/id/product_uuid") || machineId,
    bootId: read("/proc/sys/kernel/random/boot_id")
  }
})
export { machine as read }
