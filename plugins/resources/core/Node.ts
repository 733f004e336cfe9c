/** Nodes, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { cidr, each, enumerated, isCidr, when } from "../../../kernel/resource/Rules.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, joined, none, text, unknown, wide } from "../Columns.ts"
import * as Addresses from "../contracts/Addresses.ts"
import type { Node, NodeSystemInfo, Taint } from "../contracts/core/v1.ts"

/** What a node has can be given away, unless it says otherwise; each of the two fields for its addresses says what the other does. */
const defaults = (node: Node): Node => {
  const { allocatable, capacity } = node.status
  const { podCIDR = "", podCIDRs = [], ...spec } = node.spec
  // The one that all know counts, where they differ.
  const ranges = podCIDR === "" || podCIDRs[0] === podCIDR ? podCIDRs : [podCIDR]
  const [first] = ranges
  return {
    ...node,
    spec: {
      ...spec,
      ...((podCIDR || first) && { podCIDR: podCIDR || (first ?? "") }),
      ...(ranges.length > 0 && { podCIDRs: ranges })
    },
    ...(allocatable === undefined && capacity !== undefined && { status: { ...node.status, allocatable: capacity } })
  }
}

const validateRanges = ({ podCIDR = "", podCIDRs = [] }: Node["spec"]): Causes.Causes => {
  const families = podCIDRs.map((range) => range.includes(":"))
  const shown = podCIDR === "" ? podCIDRs : [podCIDR, ...podCIDRs.slice(1)]
  return [
    ...each(shown, "spec.podCIDRs", (range, at) => [
      ...cidr(at, range),
      ...when(isCidr(range) && Addresses.hasHostBits(range), () =>
        Causes.invalid(at, range, "must not have bits set beyond the prefix length")
      )
    ]),
    ...when(podCIDRs.length > 2 || (podCIDRs.length === 2 && new Set(families).size === 1), () =>
      Causes.invalid("spec.podCIDRs", podCIDRs, "may specify no more than one CIDR for each IP family")
    )
  ]
}

const again = (field: string, taint: object): Causes.Causes[number] => {
  const cause = Causes.duplicate(field, taint)
  return { ...cause, detail: `${cause.detail}: taints must be unique by key and effect pair` }
}

const validateTaints = (taints: ReadonlyArray<Taint>): Causes.Causes =>
  taints.flatMap(({ effect, key, value = "" }, index) => {
    // Upstream names the wrong part of the object, and clients match it.
    const field = `metadata.taints[${index}]`
    const isAgain = taints.findIndex((other) => other.key === key && other.effect === effect) < index
    return [
      ...Causes.broken(`${field}.key`, key, Names.labelKey(key)),
      ...Causes.broken(`${field}.value`, value, Names.labelValue(value)),
      ...(effect === "" ? [Causes.required(`${field}.effect`)] : []),
      ...enumerated(`${field}.effect`, effect || undefined, ["NoSchedule", "PreferNoSchedule", "NoExecute"]),
      ...(isAgain ? [again(field, { Key: key, Value: value, Effect: effect, TimeAdded: null })] : [])
    ]
  })

/** What a node was given once is its own for good. */
const fixed = ["podCIDR", "providerID"] as const

const validateUpdate = ({ spec }: Node, { spec: old }: Node): Causes.Causes =>
  fixed
    .filter((name) => (old[name] ?? "") !== "" && spec[name] !== old[name])
    .map((name) =>
      Causes.forbidden(
        name === "podCIDR" ? "spec.podCIDRs" : `spec.${name}`,
        `node updates may not change ${name} except from "" to valid`
      )
    )

const statusOf = ({ spec, status }: Node) => {
  const ready = status.conditions?.find(({ type }) => type === "Ready")
  const word = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"
  return spec.unschedulable === true ? `${word},SchedulingDisabled` : word
}

const rolePrefix = "node-role.kubernetes.io/"
const rolesOf = ({ metadata }: Node) => {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)]
    return key === "kubernetes.io/role" && value !== "" ? [value] : []
  })
  return joined([...new Set(roles.filter((role) => role !== ""))].toSorted())
}

const addressOf =
  (type: string) =>
  ({ status }: Node) =>
    status.addresses?.find((address) => address.type === type)?.address ?? none
const info =
  (name: keyof NodeSystemInfo) =>
  ({ status }: Node) => {
    const value = status.nodeInfo[name]
    return typeof value === "string" && value !== "" ? value : unknown
  }

/** Kubelets are not configured by what is in the cluster any more. */
const unconfigured = (node: Node): Node => {
  const { configSource, ...spec } = node.spec
  return configSource === undefined ? node : { ...node, spec }
}

export const strategy: Strategy<Node> = {
  generation: false,
  defaults,
  // Who adds a node says how it is.
  prepareCreate: unconfigured,
  validate: ({ spec }) => [...validateTaints(spec.taints ?? []), ...validateRanges(spec)],
  validateUpdate,
  warnings: ({ spec }) =>
    spec.externalID ? ["spec.externalID: this field is deprecated, and is unused by Kubernetes"] : [],
  selectable: { "spec.unschedulable": ({ spec }) => String(spec.unschedulable ?? false) },
  columns: [
    text("Status", "Whether it is ready, and takes new Pods.", statusOf),
    text("Roles", "What it is for.", rolesOf),
    age,
    text("Version", "The version of its kubelet.", ({ status }) => status.nodeInfo.kubeletVersion),
    wide(text("Internal-IP", "Its address inside of the cluster.", addressOf("InternalIP"))),
    wide(text("External-IP", "Its address outside of the cluster.", addressOf("ExternalIP"))),
    wide(text("OS-Image", "Its operating system.", info("osImage"))),
    wide(text("Kernel-Version", "Its kernel.", info("kernelVersion"))),
    wide(text("Container-Runtime", "Its container runtime.", info("containerRuntimeVersion")))
  ]
}
