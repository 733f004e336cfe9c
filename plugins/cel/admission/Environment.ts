/**
 * What expressions of webhooks and policies can speak of: the object before and after, the request, its namespace, parameters and
 * an authorizer. Source: "Validating Admission Policy" of Kubernetes' documentation, "Validation expression".
 */
import { authorizerType, resourceType } from "../library/Authorizer.ts"
import { mutation, standard } from "../library/Library.ts"
import type { Scope } from "../Checker.ts"
import * as Type from "../Types.ts"

type Fields = { readonly [name: string]: Type.Type }
const object = (name: string, fields: Fields) => Type.object(`kubernetes.${name}`, new Map(Object.entries(fields)))

const { bool, dyn, int, string, timestamp } = Type
const strings = Type.list(string)
const texts = Type.map(string, string)

const kind = object("GroupVersionKind", { group: string, version: string, kind: string })
const resource = object("GroupVersionResource", { group: string, version: string, resource: string })
const userInfo = object("UserInfo", { username: string, uid: string, groups: strings, extra: Type.map(string, strings) })
const request = object("AdmissionRequest", {
  kind,
  resource,
  subResource: string,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo,
  dryRun: bool,
  options: dyn
})

const condition = object("NamespaceCondition", {
  status: string,
  type: string,
  lastTransitionTime: timestamp,
  message: string,
  reason: string
})
const metadata = object("NamespaceMetadata", {
  name: string,
  generateName: string,
  namespace: string,
  labels: texts,
  annotations: texts,
  UID: string,
  creationTimestamp: timestamp,
  deletionGracePeriodSeconds: int,
  deletionTimestamp: timestamp,
  generation: int,
  resourceVersion: string,
  finalizers: strings
})
const namespace = object("Namespace", {
  metadata,
  spec: object("NamespaceSpec", { finalizers: strings }),
  status: object("NamespaceStatus", { conditions: Type.list(condition), phase: string })
})

const jsonPatch = Type.object(
  "JSONPatch",
  new Map([...["op", "path", "from"].map((name) => [name, string] as const), ["value", dyn]])
)
/** `Object` and its parts: what fields they have is seen when they meet the object. */
const partOf = (name: string): Type.Type => ({ kind: "object", name, params: [] })
const structs = (name: string): Type.Type | undefined =>
  name === "JSONPatch" ? jsonPatch : /^Object(\.[A-Za-z_]\w*)*$/.test(name) ? partOf(name) : undefined

/** What an expression must come to. */
export const returns = {
  bool: [Type.bool],
  string: [Type.string],
  annotation: [Type.string, Type.nothing],
  any: [],
  apply: [partOf("Object")],
  patch: [Type.list(jsonPatch)]
}
export type Returns = keyof typeof returns

export interface Wanted {
  readonly hasParams: boolean
  readonly hasAuthorizer: boolean
  readonly patches?: boolean
  /** Of `variables`, by name. */
  readonly variables?: ReadonlyMap<string, Type.Type>
  /** Where more is known of the object and the parameters than that they are objects. */
  readonly object?: Type.Type
  readonly params?: Type.Type
}

export const scopeOf = ({
  hasAuthorizer,
  hasParams,
  object = dyn,
  params = dyn,
  patches = false,
  variables
}: Wanted): Scope => ({
  variables: new Map([
    ["object", object],
    ["oldObject", object],
    ["request", request],
    ["namespaceObject", namespace],
    ...(hasParams ? ([["params", params]] as const) : []),
    ...(hasAuthorizer
      ? ([
          ["authorizer", authorizerType],
          ["authorizer.requestResource", resourceType]
        ] as const)
      : []),
    ...(variables === undefined ? [] : ([["variables", Type.object("kubernetes.variables", variables)]] as const))
  ]),
  functions: patches ? mutation : standard,
  ...(patches && { structs })
})
