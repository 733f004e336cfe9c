/** metrics.k8s.io/v1beta1: what nodes and Pods use, as its objects and lists; and the documents by which clients find them. */
import { Result } from "effect"
import { type Labels, parseFields, parseLabels } from "../../kernel/resource/Selector.ts"
import type { Node, Pod } from "../resources/contracts/core/v1.ts"
import type { Usage } from "./Samples.ts"
import type { Scraped } from "./Scraping.ts"
import * as Table from "./Table.ts"

export const group = "metrics.k8s.io"
export const version = "v1beta1"
const apiVersion = `${group}/${version}`
export const root = `/apis/${apiVersion}`

export interface Reply {
  readonly code: number
  readonly body: object
}
export interface Sources {
  readonly scraped: Scraped
  readonly nodes: () => ReadonlyArray<Node>
  readonly pods: () => ReadonlyArray<Pod>
}

const ok = (body: object): Reply => ({ code: 200, body })
const status = (code: number, reason: string, message: string, details: object = {}): Reply => ({
  code,
  body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, details, code }
})
export const refused = (code: number, reason: string, message: string) => status(code, reason, message)
const absent = (resource: string, name: string) =>
  status(404, "NotFound", `${resource}.${group} ${JSON.stringify(name)} not found`, { name, group, kind: resource })

const resource = (name: string, kind: string, namespaced: boolean) => ({
  name,
  singularName: "",
  namespaced,
  kind,
  verbs: ["get", "list"]
})
const groupVersion = { groupVersion: apiVersion, version }
const documents: { readonly [path: string]: object } = {
  "/apis": {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: [{ name: group, versions: [groupVersion], preferredVersion: groupVersion }]
  },
  [`/apis/${group}`]: {
    kind: "APIGroup",
    apiVersion: "v1",
    name: group,
    versions: [groupVersion],
    preferredVersion: groupVersion
  },
  [root]: {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersion,
    resources: [resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true)]
  }
}

const time = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z")

/** Nanocores and kibibytes. */
const amounts = ({ cpu, memory }: Pick<Usage, "cpu" | "memory">) => ({
  cpu: cpu === 0 ? "0" : `${Math.round(cpu * 1e9)}n`,
  memory: memory === 0 ? "0" : `${Math.round(memory / 1024)}Ki`
})

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels }
}
const metadataOf = ({ metadata: { labels, name, namespace } }: Named) => ({
  name,
  ...(namespace !== undefined && { namespace }),
  creationTimestamp: time(Date.now()),
  ...(labels !== undefined && { labels })
})
const summed = (all: Iterable<Usage>) => {
  let [cpu, memory] = [0, 0]
  for (const one of all) {
    cpu += one.cpu
    memory += one.memory
  }
  return amounts({ cpu, memory })
}
const measured = ({ at, window }: Usage) => ({ timestamp: time(at), window: `${window / 1000}s` })

const ofNode = (node: Node, { scraped }: Sources) => {
  const used = scraped.node(node.metadata.name)
  if (used === undefined) return undefined
  const usage = amounts(used)
  return { object: { kind: "NodeMetrics", apiVersion, metadata: metadataOf(node), ...measured(used), usage }, usage }
}

const ofPod = (pod: Pod, { scraped }: Sources) => {
  const { name, namespace = "" } = pod.metadata
  const used = scraped.pod(namespace, name, pod.spec.nodeName ?? "")
  const [first] = used?.values() ?? []
  if (used === undefined || first === undefined) return undefined
  const containers = [...used].map(([name, one]) => ({ name, usage: amounts(one) }))
  const object = { kind: "PodMetrics", apiVersion, metadata: metadataOf(pod), ...measured(first), containers }
  return { object, usage: summed(used.values()) }
}

const chosen = <A extends Named>(all: ReadonlyArray<A>, query: URLSearchParams): ReadonlyArray<A> | string => {
  const labels = parseLabels(query.get("labelSelector") ?? "")
  if (Result.isFailure(labels)) return "unable to parse requirement of labelSelector"
  const fields = parseFields(query.get("fieldSelector") ?? "")
  if (Result.isFailure(fields)) return "unable to parse requirement of fieldSelector"
  return all.filter(
    (one) =>
      labels.success(one.metadata.labels) &&
      fields.success.every(({ equal, field, value }) => (fieldOf(one, field) === value) === equal)
  )
}
const fieldOf = ({ metadata }: Named, field: string) =>
  field === "metadata.name" ? metadata.name : field === "metadata.namespace" ? (metadata.namespace ?? "") : ""

interface Asked {
  readonly query: URLSearchParams
  /** As the header has it. */
  readonly accept: string | undefined
}

const list = <A extends Named>(
  kind: string,
  all: ReadonlyArray<A>,
  { accept, query }: Asked,
  make: (one: A) => Table.Shown | undefined
): Reply => {
  const found = chosen(all, query)
  if (typeof found === "string") return refused(400, "BadRequest", found)
  const shown = found.flatMap((one) => make(one) ?? [])
  const table = Table.asked(accept)
  if (table !== undefined) return ok(Table.make(table, shown, query.get("includeObject")))
  return ok({ kind: `${kind}List`, apiVersion, metadata: {}, items: shown.map(({ object }) => object) })
}

const one = (resource: string, name: string, found: Table.Shown | undefined, { accept, query }: Asked) => {
  if (found === undefined) return absent(resource, name)
  const table = Table.asked(accept)
  return ok(table === undefined ? found.object : Table.make(table, [found], query.get("includeObject")))
}

export const answer = (path: string, asked: Asked, sources: Sources): Reply => {
  const document = documents[path.replace(/\/$/, "")]
  if (document !== undefined) return ok(document)
  if (!path.startsWith(`${root}/`)) return refused(404, "NotFound", "the server could not find the requested resource")
  const [first = "", second = "", third = "", fourth = ""] = path
    .slice(root.length + 1)
    .split("/")
    .map(decodeURIComponent)
  const [nodes, pods] = [sources.nodes, sources.pods]
  if (first === "nodes" && second === "") return list("NodeMetrics", nodes(), asked, (node) => ofNode(node, sources))
  if (first === "nodes") {
    const node = nodes().find(({ metadata }) => metadata.name === second)
    return one("nodes", second, node && ofNode(node, sources), asked)
  }
  if (first === "pods" && second === "") return list("PodMetrics", pods(), asked, (pod) => ofPod(pod, sources))
  if (first === "namespaces" && third === "pods") {
    const within = pods().filter(({ metadata }) => metadata.namespace === second)
    if (fourth === "") return list("PodMetrics", within, asked, (pod) => ofPod(pod, sources))
    const pod = within.find(({ metadata }) => metadata.name === fourth)
    return one("pods", fourth, pod && ofPod(pod, sources), asked)
  }
  return refused(404, "NotFound", "the server could not find the requested resource")
}
