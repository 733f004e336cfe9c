/**
 * How much of the machine a Pod's containers have been given, which need not be what they ask for now. It stands in the Pod's folder:
 * a kubelet that is started again goes on from there. Source: KEP-1287.
 */
import { Option, Schema } from "effect"
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"

const Listed = Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
const Given = Schema.Struct({ limits: Listed, requests: Listed })
export type Given = typeof Given.Type

const File = Schema.Struct({ allocated: Schema.Record(Schema.String, Given), applied: Schema.Record(Schema.String, Given) })
const decode = Schema.decodeOption(Schema.fromJsonString(File))

export interface Allocation {
  /** What the node has agreed to, by the container's name. */
  allocated: ReadonlyMap<string, Given>
  /** What the runtime was told last, by the container's id. */
  applied: ReadonlyMap<string, Given>
}

const pathIn = (directory: string) => join(directory, "resources.json")

/** What was saved; nothing, if nothing was or it cannot be read: then what the Pod asks for counts. */
export const open = (directory: string): Allocation => {
  const path = pathIn(directory)
  const read = existsSync(path) ? decode(readFileSync(path, "utf8")) : Option.none()
  const { allocated, applied } = Option.getOrElse(read, () => ({ allocated: {}, applied: {} }))
  return { allocated: new Map(Object.entries(allocated)), applied: new Map(Object.entries(applied)) }
}

/** Whole or not at all. */
export const save = (directory: string, { allocated, applied }: Allocation) => {
  const path = pathIn(directory)
  const text = JSON.stringify({ allocated: Object.fromEntries(allocated), applied: Object.fromEntries(applied) })
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Those whose amounts can change. */
export const resizable = ({ spec }: Pod): ReadonlyArray<Container> => [...(spec.initContainers ?? []), ...spec.containers]

export const given = ({ limits, requests }: Container["resources"]): Given => ({
  ...(limits && { limits }),
  ...(requests && { requests })
})

export const ofPod = (pod: Pod) => new Map(resizable(pod).map(({ name, resources }) => [name, given(resources)]))

const counted = ["cpu", "memory"] as const

/** Of the two that can be changed while a container runs, those that differ. */
export const changed = (before: Given, after: Given) =>
  counted.filter((name) =>
    (["limits", "requests"] as const).some((which) => {
      const [old, now] = [before[which]?.[name], after[which]?.[name]]
      return (old === undefined) !== (now === undefined) || !Quantity.equals(Quantity.of(old), Quantity.of(now))
    })
  )

/** The Pod with what its containers have been given in the place of what they ask for. */
export const effective = (pod: Pod, { allocated }: Allocation): Pod => {
  const asGiven = <C extends Container>(container: C): C => {
    const own = allocated.get(container.name)
    return own === undefined || changed(own, container.resources).length === 0
      ? container
      : { ...container, resources: { ...container.resources, ...own } }
  }
  if (resizable(pod).every((container) => asGiven(container) === container)) return pod
  const { containers, initContainers } = pod.spec
  const spec = { ...pod.spec, containers: containers.map(asGiven) }
  return { ...pod, spec: initContainers === undefined ? spec : { ...spec, initContainers: initContainers.map(asGiven) } }
}

/** What a running container still has to be told; and whether it has to be started again for that. */
export const due = (container: Container, applied: Given | undefined) => {
  if (applied === undefined) return undefined
  const names = changed(applied, container.resources)
  if (names.length === 0) return undefined
  const restart = container.resizePolicy?.some(
    ({ resourceName, restartPolicy }) => restartPolicy === "RestartContainer" && names.some((name) => name === resourceName)
  )
  return restart ? "restart" : "update"
}
