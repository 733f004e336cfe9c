/** What kubelets count, as text; and what is used per second, which two counts at different times tell. */

/** Of a node, or of a container: CPU in seconds since its start, memory in bytes, the time in milliseconds. */
export interface Point {
  readonly cpu: number
  readonly memory: number
  readonly at: number
}
export interface Usage {
  /** In cores. */
  readonly cpu: number
  readonly memory: number
  readonly at: number
  /** Between the two counts, in milliseconds. */
  readonly window: number
}

export interface Counted {
  readonly node: Point | undefined
  /** By namespace and Pod, then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Point>>
}

const sample = /^([a-z_]+)(?:\{([^}]*)\})?\s+(\S+)(?:\s+(\d+))?$/
const label = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g

const labelsOf = (text: string) =>
  Object.fromEntries([...text.matchAll(label)].map(([, name = "", value = ""]) => [name, value]))

const cpuNames = new Set(["node_cpu_usage_seconds_total", "container_cpu_usage_seconds_total"])
const memoryNames = new Set(["node_memory_working_set_bytes", "container_memory_working_set_bytes"])

/** Whatever else stands in it is passed over. `now`: for counts without a time. */
export const parse = (text: string, now: number): Counted => {
  const halves = new Map<string, { cpu?: number; memory?: number; at: number }>()
  for (const line of text.split("\n")) {
    const [, name = "", labels = "", number = "", time] = sample.exec(line) ?? []
    const isCpu = cpuNames.has(name)
    if (!isCpu && !memoryNames.has(name)) continue
    const { container = "", namespace = "", pod = "" } = labelsOf(labels)
    const key = name.startsWith("node_") ? "" : `${namespace}/${pod}/${container}`
    const half = halves.get(key) ?? { at: time === undefined ? now : Number(time) }
    halves.set(key, isCpu ? { ...half, cpu: Number(number) } : { ...half, memory: Number(number) })
  }
  const pods = new Map<string, Map<string, Point>>()
  let node: Point | undefined
  for (const [key, { at, cpu, memory }] of halves) {
    if (cpu === undefined || memory === undefined) continue
    const point = { cpu, memory, at }
    if (key === "") node = point
    else {
      const cut = key.lastIndexOf("/")
      const containers = pods.get(key.slice(0, cut)) ?? new Map<string, Point>()
      pods.set(key.slice(0, cut), containers.set(key.slice(cut + 1), point))
    }
  }
  return { node, pods }
}

/** Nothing can be told of what was counted once, or was started again in between. */
export const usage = (before: Point | undefined, now: Point | undefined): Usage | undefined => {
  if (before === undefined || now === undefined || now.at <= before.at || now.cpu < before.cpu) return undefined
  const window = now.at - before.at
  return { cpu: ((now.cpu - before.cpu) * 1000) / window, memory: now.memory, at: now.at, window }
}
