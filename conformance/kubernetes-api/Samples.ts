/** A small, right object of each kind, to change and to break. */
import { apiVersionOf, type Resource } from "./Description.ts"
import { fields, type JsonObject } from "./Json.ts"
import { samples as core } from "./samples/core.ts"
import { samples as policies } from "./samples/policies.ts"
import { samples as workloads } from "./samples/workloads.ts"

const samples: { readonly [kind: string]: JsonObject } = { ...core, ...policies, ...workloads }

/** Their names must be what they are about. */
const named: { readonly [kind: string]: (name: string) => string } = {
  "/Node": (name) => `node-${name}`,
  "networking.k8s.io/IPAddress": (name) =>
    `10.96.${[...name].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 200, 7)}.250`,
  "apiregistration.k8s.io/APIService": () => "v1.g.example.com",
  "apiextensions.k8s.io/CustomResourceDefinition": () => "widgets.g.example.com"
}

/** What is told apart by version: kinds look different there. */
const older = ({ group, kind, version }: Resource, sample: JsonObject): JsonObject => {
  if (group !== "resource.k8s.io" || version !== "v1beta1") return sample
  const request = { name: "r", deviceClassName: "c.example.com" }
  const spec = { devices: { requests: [request] } }
  if (kind === "ResourceClaim") return { spec }
  if (kind === "ResourceClaimTemplate") return { spec: { spec } }
  if (kind === "ResourceSlice") return { spec: { ...fields(sample["spec"]), devices: [{ name: "dev", basic: {} }] } }
  return sample
}

export const nameOf = ({ group, kind }: Resource, name: string) => named[`${group}/${kind}`]?.(name) ?? name

/** Absent: none is known yet. */
export const of = (resource: Resource, name: string, namespace: string): JsonObject | undefined => {
  const { group, kind, namespaced } = resource
  const sample = samples[`${group}/${kind}`]
  if (sample === undefined) return undefined
  const metadata = { name: nameOf(resource, name), ...(namespaced && { namespace }), labels: { app: "a" } }
  const full = { apiVersion: apiVersionOf(resource), kind, metadata, ...older(resource, sample) }
  if (kind !== "Event") return full
  const [about, fieldName] = group === "" ? ["involvedObject", "involvedObject"] : ["regarding", "regarding"]
  return { ...full, [fieldName]: { ...fields(fields(sample)[about]), namespace } }
}
