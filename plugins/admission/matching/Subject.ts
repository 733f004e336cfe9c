/** What a request is about, in the words of those who are asked about it: webhooks and policies. */
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import { apiVersion, type Version } from "../../../kernel/resource/Kind.ts"

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}
export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

export interface Subject {
  readonly kind: GroupVersionKind
  readonly resource: GroupVersionResource
  readonly subresource: string
  /** Of a Namespace: its own name, as upstream has it. */
  readonly namespace: string
  readonly name: string
  readonly operation: string
  /** The object is no form of the resource's kind, but of another: a Scale, an Eviction, the options of a connection. */
  readonly isOther: boolean
}

export const isNamespace = ({ resource: { group, resource } }: Pick<Subject, "resource">) =>
  group === "" && resource === "namespaces"

const typeOf = ({ apiVersion, kind }: WireObject): GroupVersionKind | undefined => {
  if (typeof apiVersion !== "string" || typeof kind !== "string") return undefined
  const [version = "", group = ""] = apiVersion.split("/").reverse()
  return { group, version, kind }
}

/** The kind of what is sent; of a form of the resource's own kind, that of the version that was asked. */
const kindOf = ({ kind, object, old, version }: Admitted) => {
  const type = typeOf(object ?? old ?? {})
  const isOther = type !== undefined && type.kind !== kind.kind
  return { isOther, kind: isOther ? type : { group: version.group, version: version.version, kind: kind.kind } }
}

export const resourceOf = ({ kind }: Pick<Admitted, "kind">, { group, version }: Version): GroupVersionResource => ({
  group,
  version,
  resource: kind.plural
})

export const of = (request: Admitted): Subject => {
  const { attributes, operation, version } = request
  const { name, subresource } = attributes
  const subject = { ...kindOf(request), resource: resourceOf(request, version), subresource, name, operation }
  return { ...subject, namespace: isNamespace(subject) ? name : attributes.namespace }
}

/** An object of the log, in another version of its kind. */
export const inVersion = (request: Admitted, object: WireObject, version: Version): WireObject => {
  if (version.convert === undefined && version === request.kind.versions[0]) return object
  const converted = version.convert?.to(object) ?? object
  return { ...converted, apiVersion: apiVersion(version), kind: request.kind.kind }
}
