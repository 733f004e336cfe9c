/** What scheduling decisions are made on: plain data about nodes and Pods, kept up to date as they change. */
import type { Node, Pod } from "../../resources/contracts/core/v1.ts"
import type { Term, WeightedTerm } from "./PodTerms.ts"

/** cpu in thousandths, bytes for memory and storage, numbers of all others. */
export interface Amounts {
  readonly cpu: number
  readonly memory: number
  readonly storage: number
  readonly others: { readonly [name: string]: number }
}

/** A port of the node that a Pod takes. */
export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** The terms of a Pod's affinity and anti-affinity to other Pods, compiled. */
export interface PodTerms {
  readonly near: ReadonlyArray<Term>
  readonly far: ReadonlyArray<Term>
  /** What it would rather have: anti-affinity with negative weights. */
  readonly preferred: ReadonlyArray<WeightedTerm>
}

/** A Pod and what is reckoned from it once. */
export interface PodInfo {
  readonly pod: Pod
  readonly priority: number
  readonly requests: Amounts
  /** As `requests`, with a guess for containers that say nothing: what scores are reckoned with. */
  readonly guessed: { readonly cpu: number; readonly memory: number }
  readonly ports: ReadonlyArray<HostPort>
  /** Absent where the Pod has none. */
  readonly terms?: PodTerms
}

/** A node, what it has, and what is taken by the Pods on it, those included that are about to be bound. */
export interface NodeInfo {
  readonly name: string
  /** A small number that no other node of the view has, while it is there. */
  readonly index: number
  /** Another whenever something of it has changed, and never that of another node. */
  readonly generation: number
  readonly node: Node
  readonly allocatable: Amounts & { readonly pods: number }
  readonly requested: Amounts
  readonly guessed: { readonly cpu: number; readonly memory: number }
  readonly pods: ReadonlyMap<string, PodInfo>
  readonly ports: ReadonlyMap<string, HostPort>
  /** Bytes by name of image. */
  readonly images: ReadonlyMap<string, number>
}

/** Which Pods to count, and where. Equal keys mean equal questions. */
export interface Question {
  readonly key: string
  /** A namespace and a label that every counted Pod has (see PodTerms.anchor): others need not be asked. */
  readonly anchor: string | undefined
  readonly topologyKey: string
  readonly means: (pod: Pod) => boolean
  /** Which nodes count; the others are no domain either. */
  readonly counts: (node: Node) => boolean
}

/** The answer to a question, kept true while Pods and nodes come and go. */
export interface Tally {
  /** How many Pods are meant, by domain of the topology; a domain without such Pods is absent. */
  readonly pods: ReadonlyMap<string, number>
  /** How many nodes count, by domain. */
  readonly nodes: ReadonlyMap<string, number>
  /** The fewest Pods that any domain has. */
  readonly least: () => number
}

/** The terms of Pods that run, of one sort. */
export type Sort = "near" | "far" | "preferred"
export interface Group {
  readonly term: Term
  /** The sum of weights by domain of the term's topology; for `near` and `far` each Pod weighs 1. */
  readonly domains: ReadonlyMap<string, number>
}

/** The whole cluster, as far as it matters. */
export interface View {
  /** The highest resourceVersions by which it has changed, but for Pods that came where they were assumed to be. */
  readonly revision: { readonly nodes: number; readonly pods: number }
  readonly nodes: ReadonlyArray<NodeInfo>
  readonly find: (name: string) => NodeInfo | undefined
  /** The nodes by the domain of a topology that they are in. */
  readonly domains: (topologyKey: string) => ReadonlyMap<string, ReadonlyArray<NodeInfo>>
  /** On how many nodes an image is. */
  readonly withImage: (image: string) => number
  readonly namespaceLabels: (namespace: string) => { readonly [key: string]: string }
  readonly tally: (question: Question) => Tally
  /** The terms of Pods that run which mean this Pod, each kind of term once. */
  readonly meaning: (pod: Pod, sort: Sort) => ReadonlyArray<Group>
}
