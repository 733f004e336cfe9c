/** What Prometheus' clients tell of a process, in its text and under its names; and which program it is. */
import { readdirSync, readFileSync } from "node:fs"
import type { Info } from "./Version.ts"

interface Figure {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly help: string
  readonly value: number | undefined
}

const started = performance.timeOrigin / 1000

/** Of Linux; elsewhere a figure is left out. */
const from = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    // There is no /proc, and nothing depends on these figures.
    return undefined
  }
}
const openFiles = () => from(() => readdirSync("/proc/self/fd").length)
const mostFiles = () =>
  from(() => Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Number.NaN))
const virtualMemory = () =>
  from(() => Number(/^VmSize:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024)

const figures = (): ReadonlyArray<Figure> => {
  const { system, user } = process.cpuUsage()
  const gauge = (name: string, help: string, value: number | undefined): Figure => ({ name, type: "gauge", help, value })
  return [
    {
      ...{ name: "process_cpu_seconds_total", type: "counter", help: "Processor time, of user and system, in seconds." },
      value: (user + system) / 1e6
    },
    gauge("process_max_fds", "How many files it may have open.", mostFiles()),
    gauge("process_open_fds", "How many it has open.", openFiles()),
    gauge("process_resident_memory_bytes", "Memory that it has.", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "When it was started, in seconds since 1970.", started),
    gauge("process_virtual_memory_bytes", "Addresses that it has.", virtualMemory())
  ]
}

const build = (info: Info) => {
  const labels = {
    build_date: info.buildDate,
    compiler: info.compiler,
    git_commit: info.gitCommit,
    git_tree_state: info.gitTreeState,
    git_version: info.gitVersion,
    go_version: info.goVersion,
    major: info.major,
    minor: info.minor,
    platform: info.platform
  }
  const all = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [
    "# HELP kubernetes_build_info Which version of Kubernetes this is, and how it was built.",
    "# TYPE kubernetes_build_info gauge",
    `kubernetes_build_info{${all.join(",")}} 1`
  ]
}

export const text = (info: Info): string => {
  const lines = figures().flatMap(({ help, name, type, value }) =>
    value === undefined || Number.isNaN(value)
      ? []
      : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`]
  )
  return `${[...lines, ...build(info)].join("\n")}\n`
}
