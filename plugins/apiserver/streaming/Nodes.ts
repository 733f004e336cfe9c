/** Where a Pod runs, and how its node's kubelet is reached: `status.addresses` and `status.daemonEndpoints` of the Node. */
import { Effect } from "effect"
import { BadRequest, NotFound } from "../../../kernel/client/Errors.ts"
import { masters, type User } from "../../../kernel/pipeline/Attributes.ts"
import { type At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Node, Pod } from "../../resources/contracts/core/v1.ts"
import { badGateway } from "../Refused.ts"

/** The server on its own behalf: whoever asks has been authorized for the subresource, not for the objects it leads over. */
export const self: User = { name: "system:apiserver", groups: [masters] }

export interface Location {
  readonly host: string
  readonly port: number
}

/** The row of any object, read by the server itself from what it has. */
export const read = Effect.fnUntraced(function* (storage: string, namespace: string, name: string) {
  const kinds = yield* Kinds
  const pipeline = yield* Pipeline
  const served = kinds.byStorage(storage)
  if (served === undefined) return yield* new NotFound({ group: "", resource: storage, namespace, name })
  const at: At = { user: self, served, version: served.kind.versions[0], namespace, name, subresource: "" }
  return yield* pipeline.get(at, { resourceVersion: "0" })
})

// The rows of these storages hold these kinds, hence the casts.
export const asPod = (row: Row) => row.object as Pod
const asNode = (row: Row) => row.object as Node

const defaultPort = 10250

export const kubeletOf = Effect.fnUntraced(function* (nodeName: string) {
  const { status } = asNode(yield* read("nodes", "", nodeName))
  const host = (["InternalIP", "Hostname", "ExternalIP"] as const)
    .map((type) => status.addresses?.find((address) => address.type === type)?.address)
    .find((address) => address !== undefined)
  if (host === undefined) return yield* badGateway(`the node ${nodeName} has no address yet`)
  const location: Location = { host, port: status.daemonEndpoints?.kubeletEndpoint?.Port || defaultPort }
  return location
})

const namesOf = (containers: ReadonlyArray<{ readonly name: string }> = []) => containers.map(({ name }) => name)
const defaultContainer = "kubectl.kubernetes.io/default-container"

/** The container that is meant: the named one, the only one, or the one that an annotation names. */
export const containerOf = (pod: Pod, asked: string | null): Effect.Effect<string, BadRequest> => {
  const { annotations, name } = pod.metadata
  const containers = namesOf(pod.spec.containers)
  const others = [...namesOf(pod.spec.initContainers), ...namesOf(pod.spec.ephemeralContainers)]
  if (asked !== null && asked !== "") {
    if (containers.includes(asked) || others.includes(asked)) return Effect.succeed(asked)
    return Effect.fail(new BadRequest({ detail: `container ${asked} is not valid for pod ${name}` }))
  }
  const [only] = containers
  const preferred = annotations?.[defaultContainer]
  if (preferred !== undefined && containers.includes(preferred)) return Effect.succeed(preferred)
  if (only !== undefined && containers.length === 1) return Effect.succeed(only)
  const all = [...namesOf(pod.spec.initContainers), ...containers, ...namesOf(pod.spec.ephemeralContainers)]
  const detail = `a container name must be specified for pod ${name}, choose one of: [${all.join(" ")}]`
  return Effect.fail(new BadRequest({ detail }))
}
