/** What a request is about, in the words of those who are asked about it: webhooks and policies. */
import { Effect } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { internalError, type StatusError } from "../../../kernel/client/Errors.ts"
import * as Conversion from "../../../kernel/pipeline/Conversion.ts"
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

/** Objects do not change, so somebody else who converts them is asked once, however many want to see them. */
const converted = new WeakMap<WireObject, ReadonlyMap<string, WireObject>>()

const convert = (request: Admitted, object: WireObject, version: Version): Effect.Effect<WireObject, StatusError> =>
  Conversion.oneToVersion(request.kind, object, version).pipe(
    Effect.mapError((error) => internalError(error.message)),
    Effect.tap((other) =>
      Effect.sync(() => converted.set(object, new Map(converted.get(object)).set(apiVersion(version), other)))
    )
  )

/** An object as those want to see it who are asked about it: one of the request's own kind in their version, any other as it is. */
export const shown = (
  request: Admitted,
  subject: Subject,
  object: WireObject | undefined,
  version: Version
): Effect.Effect<WireObject | undefined, StatusError> => {
  if (object === undefined || subject.isOther || version === request.kind.versions[0]) return Effect.succeed(object)
  const known = converted.get(object)?.get(apiVersion(version))
  return known === undefined ? convert(request, object, version) : Effect.succeed(known)
}
