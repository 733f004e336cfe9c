/** Secrets and ConfigMaps: data by key, which may be fixed for good. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { text } from "../Columns.ts"
import type { ConfigMap, Secret, ServiceAccount } from "../contracts/core/v1.ts"

type Values = { readonly [key: string]: string }
const maxBytes = 1024 * 1024

const count = (...values: ReadonlyArray<Values | undefined>) =>
  values.reduce((sum, one) => sum + Object.keys(one ?? {}).length, 0)

const validateValues = (values: Values, field: string): Causes.Causes =>
  Object.keys(values).flatMap((key) => Causes.broken(`${field}[${key}]`, key, Names.configKey(key)))

const sizeOf = (values: Values | undefined) =>
  Object.values(values ?? {}).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
/** Of base64. */
const bytesOf = (values: Values | undefined) =>
  Object.values(values ?? {}).reduce((sum, value) => sum + Buffer.byteLength(value, "base64"), 0)

interface Fixed {
  readonly immutable?: boolean
}
const frozen = "field is immutable when `immutable` is set"
const validateFixed = (
  now: Fixed,
  old: Fixed,
  ...parts: ReadonlyArray<readonly [field: string, now: unknown, old: unknown]>
) => {
  if (old.immutable !== true) return []
  return [
    ...(now.immutable === true ? [] : [Causes.forbidden("immutable", frozen)]),
    ...parts.filter(([, a, b]) => !same(a, b)).map(([field]) => Causes.forbidden(field, frozen))
  ]
}

/** `stringData` is for writers: it is kept as data. */
const withData = ({ stringData, ...secret }: Secret): Secret => {
  if (stringData === undefined) return secret
  const encoded = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString("base64")])
  return { ...secret, data: { ...secret.data, ...Object.fromEntries(encoded) } }
}

const accountAnnotation = "kubernetes.io/service-account.name"

/** What a Secret of a type has to have. */
/** A map: a type may be called like anything that objects have. */
const needed: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["kubernetes.io/dockercfg", [".dockercfg"]],
  ["kubernetes.io/dockerconfigjson", [".dockerconfigjson"]],
  ["kubernetes.io/ssh-auth", ["ssh-privatekey"]],
  ["kubernetes.io/tls", ["tls.crt", "tls.key"]]
])

const validateSecret = ({ data = {}, metadata, type }: Secret): Causes.Causes => [
  ...validateValues(data, "data"),
  ...(bytesOf(data) > maxBytes ? [Causes.tooLong("data", maxBytes)] : []),
  ...(needed.get(type ?? "") ?? []).filter((key) => !Object.hasOwn(data, key)).map((key) => Causes.required(`data[${key}]`)),
  ...(type === "kubernetes.io/basic-auth" && !Object.hasOwn(data, "username") && !Object.hasOwn(data, "password")
    ? [Causes.required("data[username]"), Causes.required("data[password]")]
    : []),
  ...(type === "kubernetes.io/service-account-token" && !metadata.annotations?.[accountAnnotation]
    ? [Causes.required(`metadata.annotations[${accountAnnotation}]`)]
    : [])
]

export const secret: Strategy<Secret> = {
  defaults: withData,
  validate: validateSecret,
  validateUpdate: (now, old) => [
    ...(now.type === old.type ? [] : [Causes.immutable("type", now.type)]),
    ...validateFixed(now, old, ["data", now.data, old.data])
  ],
  selectable: { type: ({ type }) => type ?? "" },
  columns: [
    text("Type", "What it is for.", ({ type }) => type ?? ""),
    text("Data", "How many keys it has.", ({ data }) => count(data))
  ]
}

const validateConfigMap = ({ binaryData = {}, data = {} }: ConfigMap): Causes.Causes => {
  const size = sizeOf(data) + bytesOf(binaryData)
  return [
    ...validateValues(data, "data"),
    ...Object.keys(data)
      .filter((key) => Object.hasOwn(binaryData, key))
      .map((key) => Causes.invalid(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...validateValues(binaryData, "binaryData"),
    ...(size > maxBytes ? [Causes.tooLong("", maxBytes)] : [])
  ]
}

export const configMap: Strategy<ConfigMap> = {
  validate: validateConfigMap,
  validateUpdate: (now, old) =>
    validateFixed(now, old, ["data", now.data, old.data], ["binaryData", now.binaryData, old.binaryData]),
  columns: [text("Data", "How many keys it has.", ({ binaryData, data }) => count(data, binaryData))]
}

/** Of its Secrets only the names count. */
const named = (account: ServiceAccount): ServiceAccount =>
  account.secrets === undefined
    ? account
    : { ...account, secrets: account.secrets.map(({ name }) => (name === undefined ? {} : { name })) }

export const serviceAccount: Strategy<ServiceAccount> = { prepareCreate: named, prepareUpdate: named }
