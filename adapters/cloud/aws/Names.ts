/**
 * What the parts of a load balancer are called. A name follows from the cluster and the Service, so that a part that was made is found
 * again by whoever asks next, also if nobody ever heard that it was made.
 */
import { createHash } from "node:crypto"
import type { ServiceReference } from "../../../plugins/cloud/contracts/LoadBalancers.ts"

const hash = (text: string, length: number) => createHash("sha256").update(text).digest("hex").slice(0, length)

/** Of all that belongs to a cluster. Names have at most 32 characters. */
export const ofCluster = (cluster: string) => `k8s-${hash(cluster, 6)}-`
export const ofBalancer = (cluster: string, { uid }: ServiceReference) => `${ofCluster(cluster)}${hash(uid, 13)}`
/** Of what is given as one: another node port is another target group. */
export const ofTargetGroup = (balancer: string, protocol: string, nodePort: number) =>
  `${balancer}-${hash(`${protocol} ${nodePort}`, 6)}`
/** Whether something is the balancer, or a part of it. */
export const isOf = (balancer: string, name = "") => name === balancer || name.startsWith(`${balancer}-`)

const owned = (cluster: string) => `kubernetes.io/cluster/${cluster}`
type Tags = ReadonlyArray<{ readonly Key?: string | undefined; readonly Value?: string | undefined }>

/** By which tags it is known what something is for. */
const kind = (what: "service" | "ingress") => {
  const [name, uid] = [`kubernetes.io/${what}-name`, `cloud.keelson.io/${what}-uid`]
  return {
    tags: (cluster: string, about: ServiceReference) => [
      { Key: owned(cluster), Value: "owned" },
      { Key: name, Value: `${about.namespace}/${about.name}` },
      { Key: uid, Value: about.uid }
    ],
    /** Absent: of another cluster, of something else, or of nobody. */
    of: (cluster: string, tags: Tags): ServiceReference | undefined => {
      const value = (key: string) => tags.find(({ Key }) => Key === key)?.Value ?? ""
      const [namespace = "", called = ""] = value(name).split("/")
      return value(owned(cluster)) === "owned" && value(uid) !== ""
        ? { uid: value(uid), namespace, name: called }
        : undefined
    }
  }
}
export const services = kind("service")
export const ingresses = kind("ingress")
