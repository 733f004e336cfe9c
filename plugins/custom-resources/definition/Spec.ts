/** What is wrong with a definition beside its schemas: its names, versions, conversion, columns, subresources and selectable fields. */
import type { Schema } from "effect"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type {
  CustomResourceColumnDefinition as Column,
  CustomResourceConversion,
  CustomResourceDefinition as Crd,
  CustomResourceDefinitionVersion as Version,
  CustomResourceSubresourceScale as Scale
} from "../../resources/contracts/apiextensions/v1.ts"
import * as Approval from "../Approval.ts"
import * as JsonPath from "../JsonPath.ts"
import { isObject } from "../schema/Values.ts"

const label = (field: string, value: string) => Causes.broken(field, value, Names.dns1035Label(value))
/** Kinds are written in capitals. */
const mixed = (field: string, value: string) =>
  Names.dns1035Label(value.toLowerCase()).map((why) =>
    Causes.invalid(field, value, `may have mixed case, but should otherwise match: ${why}`)
  )

export const names = ({ spec }: Crd): Causes.Causes => {
  const { categories = [], kind, listKind = "", plural, shortNames = [], singular = "" } = spec.names
  const at = "spec.names"
  return [
    ...(plural === "" ? [Causes.required(`${at}.plural`)] : label(`${at}.plural`, plural)),
    ...(singular === "" ? [Causes.required(`${at}.singular`)] : label(`${at}.singular`, singular)),
    ...(kind === "" ? [Causes.required(`${at}.kind`)] : mixed(`${at}.kind`, kind)),
    ...(listKind === "" ? [Causes.required(`${at}.listKind`)] : mixed(`${at}.listKind`, listKind)),
    ...shortNames.flatMap((name, index) => label(`${at}.shortNames[${index}]`, name)),
    ...(kind !== "" && kind === listKind
      ? [Causes.invalid(`${at}.listKind`, listKind, "kind and listKind may not be the same")]
      : []),
    ...categories.flatMap((name, index) => label(`${at}.categories[${index}]`, name))
  ]
}

export const group = ({ spec: { group } }: Crd): Causes.Causes => {
  if (group === "") return [Causes.required("spec.group")]
  const broken = Causes.broken("spec.group", group, Names.dns1123Subdomain(group))
  if (broken.length > 0) return broken
  return group.includes(".") ? [] : [Causes.invalid("spec.group", group, "should be a domain with at least one dot")]
}

const reviewed = (versions: ReadonlyArray<string>): Causes.Causes => {
  const at = "spec.conversion.conversionReviewVersions"
  if (versions.length === 0) return [Causes.required(at)]
  return versions.some((one) => one === "v1" || one === "v1beta1")
    ? []
    : [Causes.invalid(at, versions, "must include at least one of v1, v1beta1")]
}

export const conversion = ({ strategy, webhook }: CustomResourceConversion): Causes.Causes => {
  const { clientConfig, conversionReviewVersions = [] } = webhook ?? {}
  const at = "spec.conversion.webhookClientConfig"
  const unmeant = "should not be set when strategy is not set to Webhook"
  if (strategy !== "Webhook")
    return [
      ...(strategy === "" ? [Causes.required("spec.conversion.strategy")] : []),
      ...(strategy === "" || strategy === "None"
        ? []
        : [Causes.notSupported("spec.conversion.strategy", strategy, ["None", "Webhook"])]),
      ...(clientConfig === undefined ? [] : [Causes.forbidden(at, unmeant)]),
      ...(conversionReviewVersions.length === 0
        ? []
        : [Causes.forbidden("spec.conversion.conversionReviewVersions", unmeant)])
    ]
  const { service, url } = clientConfig ?? {}
  const client =
    clientConfig === undefined
      ? [Causes.required(at, "required when strategy is set to Webhook")]
      : (service === undefined) === (url === undefined)
        ? [Causes.required(at, "exactly one of url or service is required")]
        : url === undefined || url.startsWith("https://")
          ? []
          : [
              Causes.invalid(
                `${at}.url`,
                url.split(":")[0],
                "'https' is the only allowed URL scheme; desired format: https://host[/path]"
              )
            ]
  return [...client, ...reviewed(conversionReviewVersions)]
}

const columnTypes = ["boolean", "date", "integer", "number", "string"]
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"]

const column = ({ format, jsonPath, name, type }: Column, at: string): Causes.Causes => [
  ...(name === "" ? [Causes.required(`${at}.name`)] : []),
  ...(columnTypes.includes(type) ? [] : [Causes.invalid(`${at}.type`, type, `must be one of ${columnTypes.join(",")}`)]),
  ...(format === undefined || format === "" || columnFormats.includes(format)
    ? []
    : [Causes.invalid(`${at}.format`, format, `must be one of ${columnFormats.join(",")}`)]),
  ...(jsonPath === ""
    ? [Causes.required(`${at}.JSONPath`)]
    : jsonPath.startsWith(".")
      ? []
      : [Causes.invalid(`${at}.JSONPath`, jsonPath, "must be a simple json path starting with .")])
]

const scale = ({ labelSelectorPath = "", specReplicasPath, statusReplicasPath }: Scale, at: string): Causes.Causes => {
  const under = (field: string, path: string, roots: ReadonlyArray<string>, where: string): Causes.Causes => {
    if (!path.startsWith(".")) return [Causes.invalid(`${at}.${field}`, path, "must be a simple json path starting with .")]
    const [root = "", ...rest] = JsonPath.names(path) ?? []
    return roots.includes(root) && rest.length > 0
      ? []
      : [Causes.invalid(`${at}.${field}`, path, `should be a json path under ${where}`)]
  }
  return [
    ...(specReplicasPath === ""
      ? [Causes.required(`${at}.specReplicasPath`)]
      : under("specReplicasPath", specReplicasPath, ["spec"], ".spec")),
    ...(statusReplicasPath === ""
      ? [Causes.required(`${at}.statusReplicasPath`)]
      : under("statusReplicasPath", statusReplicasPath, ["status"], ".status")),
    ...(labelSelectorPath === ""
      ? []
      : under("labelSelectorPath", labelSelectorPath, ["spec", "status"], "either .spec or .status"))
  ]
}

const fieldAt = (schema: Schema.JsonObject, path: ReadonlyArray<string>): Schema.JsonObject | undefined =>
  path.reduce<Schema.JsonObject | undefined>((found, name) => {
    const properties = found?.["properties"]
    const inner = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
    return isObject(inner) ? inner : undefined
  }, schema)

const selectable = (schema: Schema.JsonObject, paths: ReadonlyArray<string>, at: string): Causes.Causes =>
  paths.flatMap((path, index): Causes.Causes => {
    const field = `${at}[${index}].jsonPath`
    if (path === "") return [Causes.required(field)]
    if (paths.indexOf(path) < index) return [Causes.duplicate(field, path)]
    const bad = (why: string) => [Causes.invalid(field, path, `is an invalid path: ${why}`)]
    if (!/^[.[]/.test(path)) return bad(`expected [ or . but got: ${path.split(".")[0]}`)
    const names = JsonPath.names(path)
    if (names === undefined && path.includes("[")) return bad("array notation is not allowed")
    const found = names === undefined || names[0] === "metadata" ? undefined : fieldAt(schema, names)
    if (found === undefined) return bad("does not refer to a valid field")
    return ["string", "boolean", "integer"].includes(String(found["type"]))
      ? []
      : [
          Causes.invalid(
            field,
            path,
            "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
          )
        ]
  })

/** What a version shows of itself, at its place or, where all versions say the same, at the definition's. */
export const shown = (version: Version, schema: Schema.JsonObject, at: string): Causes.Causes => [
  ...(version.additionalPrinterColumns ?? []).flatMap((one, index) =>
    column(one, `${at}.additionalPrinterColumns[${index}]`)
  ),
  ...(version.subresources?.scale === undefined ? [] : scale(version.subresources.scale, `${at}.subresources.scale`)),
  ...selectable(
    schema,
    (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
    `${at}.selectableFields`
  )
]

export const deprecation = ({ deprecated, deprecationWarning: text }: Version, at: string): Causes.Causes => {
  if (text === undefined) return []
  const field = `${at}.deprecationWarning`
  if (deprecated !== true) return [Causes.invalid(field, text, "can only be set for deprecated versions")]
  if (text === "") return [Causes.invalid(field, text, "must not be an empty string")]
  return text.length > 256 ? [Causes.invalid(field, text, "must be <= 256 characters long")] : []
}

export const approved = (crd: Crd): Causes.Causes => {
  const approval = Approval.of(crd)
  const field = `metadata.annotations[${Approval.annotation}]`
  if (approval?.state === "MissingAnnotation") return [Causes.required(field, approval.message)]
  if (approval?.state !== "InvalidAnnotation") return []
  return [Causes.invalid(field, crd.metadata.annotations?.[Approval.annotation], approval.message)]
}
