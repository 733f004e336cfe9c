/** What scheduling decisions are made on: plain data about nodes and Pods, kept up to date as they change. */
import type { Node, Pod } from "../../resources/contracts/core/v1.ts"

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

/** A Pod and what is reckoned from it once. */
export interface PodInfo {
  readonly pod: Pod
  readonly requests: Amounts
  /** As `requests`, with a guess for containers that say nothing: what scores are reckoned with. */
  readonly guessed: { readonly cpu: number; readonly memory: number }
  readonly ports: ReadonlyArray<HostPort>
}

/** A node, what it has, and what is taken by the Pods on it, those included that are about to be bound. */
export interface NodeInfo {
  readonly name: string
  readonly node: Node
  readonly allocatable: Amounts & { readonly pods: number }
  readonly requested: Amounts
  readonly guessed: { readonly cpu: number; readonly memory: number }
  readonly pods: ReadonlyMap<string, PodInfo>
  readonly ports: ReadonlyMap<string, HostPort>
  /** Bytes by name of image. */
  readonly images: ReadonlyMap<string, number>
}

/** The whole cluster, as far as it matters. */
export interface View {
  readonly nodes: ReadonlyArray<NodeInfo>
  /** On how many nodes an image is. */
  readonly withImage: (image: string) => number
  readonly namespaceLabels: (namespace: string) => { readonly [key: string]: string }
}
