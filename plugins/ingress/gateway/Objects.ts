/**
 * The objects of Gateway API as far as they are understood here: what is not named is left alone. Source: gateway.networking.k8s.io/v1,
 * its definitions of 1.6.
 */
import { Option, Schema } from "effect"
import type * as Kind from "../../../kernel/resource/Kind.ts"

const { Array: List, Int, Literals, Record, String: Text, Struct, optionalKey } = Schema

export const group = "gateway.networking.k8s.io"
export const controllerName = "keelson.io/gateway"

const Labels = Record(Text, Text)
const Selector = Struct({
  matchLabels: optionalKey(Labels),
  matchExpressions: optionalKey(List(Struct({ key: Text, operator: Text, values: optionalKey(List(Text)) })))
})
const Reference = Struct({
  group: optionalKey(Text),
  kind: optionalKey(Text),
  namespace: optionalKey(Text),
  name: Text
})
export type Reference = typeof Reference.Type

export const Listener = Struct({
  name: Text,
  hostname: optionalKey(Text),
  port: Int,
  protocol: Text,
  tls: optionalKey(Struct({ mode: optionalKey(Text), certificateRefs: optionalKey(List(Reference)) })),
  allowedRoutes: optionalKey(
    Struct({
      namespaces: optionalKey(Struct({ from: optionalKey(Text), selector: optionalKey(Selector) })),
      kinds: optionalKey(List(Struct({ group: optionalKey(Text), kind: Text })))
    })
  )
})
export type Listener = typeof Listener.Type

const Condition = Struct({
  type: Text,
  status: Text,
  reason: Text,
  message: Text,
  lastTransitionTime: Text,
  observedGeneration: optionalKey(Int)
})
export type Condition = typeof Condition.Type

export const GatewaySpec = Struct({ gatewayClassName: Text, listeners: List(Listener) })
export const ClassSpec = Struct({ controllerName: Text })

const Change = Struct({
  set: optionalKey(List(Struct({ name: Text, value: Text }))),
  add: optionalKey(List(Struct({ name: Text, value: Text }))),
  remove: optionalKey(List(Text))
})
const PathChange = Struct({
  type: Literals(["ReplaceFullPath", "ReplacePrefixMatch"]),
  replaceFullPath: optionalKey(Text),
  replacePrefixMatch: optionalKey(Text)
})
export type PathChange = typeof PathChange.Type

export const Filter = Struct({
  type: Text,
  requestHeaderModifier: optionalKey(Change),
  responseHeaderModifier: optionalKey(Change),
  requestRedirect: optionalKey(
    Struct({
      scheme: optionalKey(Literals(["http", "https"])),
      hostname: optionalKey(Text),
      port: optionalKey(Int),
      path: optionalKey(PathChange),
      statusCode: optionalKey(Int)
    })
  ),
  urlRewrite: optionalKey(Struct({ hostname: optionalKey(Text), path: optionalKey(PathChange) }))
})
export type Filter = typeof Filter.Type

const Value = Struct({
  type: optionalKey(Literals(["Exact", "RegularExpression"])),
  name: Text,
  value: Text
})
const Match = Struct({
  path: optionalKey(Struct({ type: optionalKey(Text), value: optionalKey(Text) })),
  headers: optionalKey(List(Value)),
  queryParams: optionalKey(List(Value)),
  method: optionalKey(Text)
})
export type Match = typeof Match.Type

export const BackendRef = Struct({
  ...Reference.fields,
  port: optionalKey(Int),
  weight: optionalKey(Int),
  filters: optionalKey(List(Filter))
})
export type BackendRef = typeof BackendRef.Type

export const RouteRule = Struct({
  matches: optionalKey(List(Match)),
  filters: optionalKey(List(Filter)),
  backendRefs: optionalKey(List(BackendRef)),
  timeouts: optionalKey(Struct({ request: optionalKey(Text), backendRequest: optionalKey(Text) }))
})
export type RouteRule = typeof RouteRule.Type

export const ParentRef = Struct({ ...Reference.fields, sectionName: optionalKey(Text), port: optionalKey(Int) })
export type ParentRef = typeof ParentRef.Type
export const RouteSpec = Struct({
  parentRefs: optionalKey(List(ParentRef)),
  hostnames: optionalKey(List(Text)),
  rules: optionalKey(List(RouteRule))
})
export const RouteStatus = Struct({
  parents: List(Struct({ parentRef: ParentRef, controllerName: Text, conditions: List(Condition) }))
})

export const GrantSpec = Struct({
  from: List(Struct({ group: Text, kind: Text, namespace: Text })),
  to: List(Struct({ group: Text, kind: Text, name: optionalKey(Text) }))
})

export const ClassStatus = Struct({
  conditions: optionalKey(List(Condition)),
  supportedFeatures: optionalKey(List(Struct({ name: Text })))
})
export const GatewayStatus = Struct({
  conditions: optionalKey(List(Condition)),
  listeners: optionalKey(List(Struct({ name: Text, conditions: List(Condition) })))
})

/** An object with the part of it that is understood. */
export interface Known<Spec> {
  readonly metadata: Kind.Resource["metadata"]
  readonly spec: Spec
  readonly object: Kind.Resource
}
export type Gateway = Known<typeof GatewaySpec.Type>
export type Route = Known<typeof RouteSpec.Type>
export type Grant = Known<typeof GrantSpec.Type>

const part = (object: Kind.Resource, name: string): unknown => new Map<string, unknown>(Object.entries(object)).get(name)

/** Nothing where it is none that the API server would have let in. */
export const specOf = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (object: Kind.Resource): ReadonlyArray<Known<A>> =>
    Option.match(decode(part(object, "spec")), {
      onNone: () => [],
      onSome: (spec) => [{ metadata: object.metadata, spec, object }]
    })
}

export const statusOf = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (object: Kind.Resource): A | undefined => Option.getOrUndefined(decode(part(object, "status")))
}
