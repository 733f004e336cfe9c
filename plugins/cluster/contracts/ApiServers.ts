/** The API servers of a cluster, as the Leases tell by which each says that it lives (KEP-1965). */
import type { Lease } from "../../resources/contracts/coordination/v1.ts"

export const namespace = "kube-system"
export const labels = { "apiserver.kubernetes.io/identity": "kube-apiserver" }
export const selector = "apiserver.kubernetes.io/identity=kube-apiserver"
export const nameOf = (identity: string) => `apiserver-${identity}`
export const leaseSeconds = 15

/** Where it is reached, `address:port`. */
export const addressAnnotation = "keelson.dev/address"

export interface Address {
  readonly ip: string
  readonly port: number
}

export const addressOf = ({ metadata }: Pick<Lease, "metadata">): Address | undefined => {
  const [, ip, port] = /^(.+):(\d+)$/.exec(metadata.annotations?.[addressAnnotation] ?? "") ?? []
  return ip === undefined ? undefined : { ip, port: Number(port) }
}

/** Whether it has renewed its Lease in time. `now` in milliseconds. */
export const isFresh = ({ spec }: Pick<Lease, "spec">, now: number) => {
  const { leaseDurationSeconds = leaseSeconds, renewTime = "" } = spec
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 > now
}
