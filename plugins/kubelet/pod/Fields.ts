/** What containers may ask of their own Pod: `fieldRef` and `resourceFieldRef`. Source: "Downward API". */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, Pod, ResourceFieldSelector } from "../../resources/contracts/core/v1.ts"

/** What the node knows of a Pod before its status does. */
export interface Place {
  readonly nodeName: string
  readonly hostIps: ReadonlyArray<string>
  readonly podIps: ReadonlyArray<string>
  /** What a container may use that has no limit. */
  readonly allocatable: { readonly [resource: string]: string }
}

const quoted = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
const listed = (values: { readonly [key: string]: string } = {}) =>
  Object.keys(values)
    .toSorted()
    .map((key) => `${key}="${quoted(values[key] ?? "")}"`)
    .join("\n")

/** Undefined for a path that does not exist. */
export const field = (pod: Pod, path: string, place: Place): string | undefined => {
  const { metadata, spec } = pod
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? []
  if (key !== undefined) return (map === "labels" ? metadata.labels : metadata.annotations)?.[key] ?? ""
  switch (path) {
    case "metadata.name":
      return metadata.name
    case "metadata.namespace":
      return metadata.namespace ?? ""
    case "metadata.uid":
      return metadata.uid
    case "metadata.labels":
      return listed(metadata.labels)
    case "metadata.annotations":
      return listed(metadata.annotations)
    case "spec.nodeName":
      return place.nodeName
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "default"
    case "status.hostIP":
      return place.hostIps[0] ?? ""
    case "status.hostIPs":
      return place.hostIps.join(",")
    case "status.podIP":
      return place.podIps[0] ?? ""
    case "status.podIPs":
      return place.podIps.join(",")
    default:
      return undefined
  }
}

/** Rounded up to whole divisors. */
export const resource = (container: Container, { divisor, resource }: ResourceFieldSelector, place: Place) => {
  const [kind = "", ...rest] = resource.split(".")
  const name = rest.join(".")
  const { limits, requests } = container.resources
  const limit = limits?.[name] ?? place.allocatable[name] ?? "0"
  const amount = Quantity.of(kind === "limits" ? limit : (requests?.[name] ?? limits?.[name] ?? "0")).nanos
  const by = Quantity.of(divisor === undefined || divisor === "0" ? "1" : divisor).nanos
  return `${(amount + by - 1n) / by}`
}
