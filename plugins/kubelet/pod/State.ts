/** What a worker remembers of its Pod between two looks. All of it can be lost: the next kubelet finds out again. */
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import type { Site } from "../Site.ts"
import * as Allocation from "./Allocation.ts"
import * as Backoff from "./Backoff.ts"
import * as Tokens from "./Tokens.ts"
import { ephemerals, type Pending, type Waiting } from "./View.ts"

/** What the probes of one container have found. */
export interface Found {
  readonly startup?: boolean
  readonly readiness?: boolean
  readonly unhealthy?: { readonly message: string; readonly graceSeconds?: number }
}

const seconds = 1000
/** Of containers that fail: ten seconds, twice as long each time, at most five minutes. Source: "Container restarts". */
const backoff = () => Backoff.make(10 * seconds, 300 * seconds)

/** Of one Pod, which the node counts from now on. */
const allocationOf = ({ metadata: { uid } }: Pod, { allocations, directoryOf, settings }: Site) => {
  const allocation = settings.hollow ? { allocated: new Map(), applied: new Map() } : Allocation.open(directoryOf(uid))
  allocations.set(uid, allocation)
  return allocation
}

export const make = (pod: Pod, site: Site) => ({
  site,
  uid: pod.metadata.uid,
  directory: site.directoryOf(pod.metadata.uid),
  /** As the API had it last. */
  pod,
  /** The API has it no more. */
  isGone: false,
  /** By container id. */
  found: new Map<string, Found>(),
  /** Ids of containers whose postStart hook has not ended. */
  starting: new Set<string>(),
  /** Ids of containers whose preStop hook was run. */
  stopping: new Set<string>(),
  /** Why containers are not there, by name. */
  waiting: new Map<string, Waiting>(),
  /** Until when what failed to start is left alone: containers by name, the sandbox by `sandboxKey`. */
  held: new Map<string, number>(),
  lastWords: new Map<string, string>(),
  allocation: allocationOf(pod, site),
  /** Why the node has not agreed to what the Pod asks for now. */
  pending: undefined as Pending | undefined,
  /** Why a container's limits could not be changed, and until when that is left alone. */
  resizeFailed: undefined as { readonly message: string; readonly until: number } | undefined,
  isResizing: false,
  tokens: Tokens.make(site),
  crashes: backoff(),
  /** Of images and containers that cannot be had. */
  failures: backoff(),
  /** Of volumes and sandboxes: what they wait for mostly comes soon. */
  mounts: Backoff.make(seconds / 2, 120 * seconds),
  refreshed: { at: Number.NEGATIVE_INFINITY, version: "" }
})

export type State = ReturnType<typeof make>

/** No container has this name: it is no DNS label. */
export const sandboxKey = "(sandbox)"

export const containersOf = (pod: Pod): ReadonlyArray<Container> => [
  ...(pod.spec.initContainers ?? []),
  ...pod.spec.containers,
  ...ephemerals(pod)
]
export const specOf = ({ pod }: State, name: string) => containersOf(pod).find((container) => container.name === name)
/** As in messages: `name_namespace(uid)`. */
export const nameOf = ({ pod, uid }: State) => `${pod.metadata.name}_${pod.metadata.namespace}(${uid})`
