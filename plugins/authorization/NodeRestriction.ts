/**
 * A node agent writes its own Node, its own Lease and the statuses of its own Pods, and removes only those: roles do not know
 * whose an object is. Source: "NodeRestriction" of the admission controllers' reference.
 */
import { Effect } from "effect"
import { Forbidden } from "../../kernel/client/Errors.ts"
import type { Admission, Admitted } from "../../kernel/pipeline/Policy.ts"
import { nodeOf } from "../authentication/contracts/NodeUser.ts"
import { Lease } from "../resources/contracts/coordination/v1.ts"
import { Node, Pod } from "../resources/contracts/core/v1.ts"
import { CSINode } from "../resources/contracts/storage/v1.ts"
import { references } from "./NodeAuthorizer.ts"

const leaseNamespace = "kube-node-lease"
const mirror = "kubernetes.io/config.mirror"
/** Labels by which an administrator keeps nodes apart. */
const reserved = "node-restriction.kubernetes.io"

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const reservedLabels = (object: Node | undefined) =>
  Object.entries(object?.metadata.labels ?? {})
    .filter(([key]) => {
      const domain = key.split("/", 1)[0] ?? ""
      return key.includes("/") && (domain === reserved || domain.endsWith(`.${reserved}`))
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

/** Why not; nothing if it may. What is admitted has been decoded as its kind, hence the casts here and below. */
const pod = (node: string, { attributes: { subresource, verb }, object, old }: Admitted): string | undefined => {
  const [after, before] = [object as unknown as Pod | undefined, old as unknown as Pod | undefined]
  // What is posted to a Pod is no Pod: the node's authorizer has judged it.
  if (verb === "create" && subresource !== "") return undefined
  if (verb === "create" && after !== undefined) {
    if (after.metadata.annotations?.[mirror] === undefined)
      return `pod does not have "${mirror}" annotation, node "${node}" can only create mirror pods`
    if (after.spec.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`
    const account = after.spec.serviceAccountName ?? ""
    return account !== "" || references(after.spec).length > 0
      ? `node "${node}" can not create pods that reference a service account, secrets or configmaps`
      : undefined
  }
  if (before?.spec.nodeName === node) return undefined
  const what = verb === "delete" ? "delete pods" : `update ${subresource === "" ? "pods" : `pod ${subresource}`} for pods`
  return `node "${node}" can only ${what} with spec.nodeName set to itself`
}

const ownNode = (node: string, { attributes: { name, verb }, object, old }: Admitted): string | undefined => {
  const [after, before] = [object as unknown as Node | undefined, old as unknown as Node | undefined]
  if (verb === "delete") return `node "${node}" is not allowed to delete node "${name}"`
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`
  if (!same(reservedLabels(after), reservedLabels(before)))
    return `node "${node}" is not allowed to set labels of ${reserved}`
  return before !== undefined && !same(after?.spec.taints ?? [], before.spec.taints ?? [])
    ? `node "${node}" is not allowed to modify taints`
    : undefined
}

const lease = (node: string, { attributes: { name, namespace } }: Admitted) => {
  if (namespace !== leaseNamespace) return `can only access leases in the "${leaseNamespace}" system namespace`
  return name === node ? undefined : "can only access node lease with the same name as the requesting node"
}

const refusalOf = (node: string, request: Admitted): string | undefined => {
  const { attributes, kind } = request
  if (kind.storage === Pod.storage) return pod(node, request)
  if (kind.storage === Node.storage) return ownNode(node, request)
  if (kind.storage === Lease.storage) return lease(node, request)
  if (kind.storage === CSINode.storage && attributes.name !== node)
    return `can only access CSINode with the same name as the requesting node`
  return undefined
}

export const admission: Admission = {
  name: "NodeRestriction",
  order: 800,
  validate: (request) => {
    const node = nodeOf(request.attributes.user)
    const detail = node === undefined ? undefined : refusalOf(node, request)
    if (detail === undefined) return Effect.void
    const { group, name, namespace, resource } = request.attributes
    return Effect.fail(new Forbidden({ group, resource, namespace, name, detail }))
  }
}
