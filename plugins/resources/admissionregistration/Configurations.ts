/** MutatingWebhookConfiguration and ValidatingWebhookConfiguration, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { ObjectMeta } from "../../../kernel/resource/Metadata.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import * as MatchConditions from "../../cel/contracts/MatchConditions.ts"
import { integer } from "../Columns.ts"
import type {
  MatchCondition,
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook
} from "../contracts/admissionregistration/v1.ts"
import * as ClientConfig from "./ClientConfig.ts"

type Webhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, "reinvocationPolicy">>
interface Configuration {
  readonly metadata: ObjectMeta
  readonly webhooks?: ReadonlyArray<Webhook>
}
type Problems = Causes.Causes

const reviews = ["v1", "v1beta1"]
const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]

const oneOf = (field: string, value: string | undefined, supported: ReadonlyArray<string>): Problems =>
  value === undefined || supported.includes(value) ? [] : [Causes.notSupported(field, value, supported)]

const versions = (field: string, given: ReadonlyArray<string> = []): Problems => {
  if (given.length === 0) return [Causes.required(field, `must specify one of ${reviews.join(", ")}`)]
  const wrong = given.flatMap((version, index) => [
    ...(given.indexOf(version) < index ? [Causes.invalid(`${field}[${index}]`, version, "duplicate version")] : []),
    ...Causes.broken(`${field}[${index}]`, version, Names.dns1035Label(version))
  ])
  return given.some((version) => reviews.includes(version))
    ? wrong
    : [...wrong, Causes.invalid(field, given, `must include at least one of ${reviews.join(", ")}`)]
}

/** A list in which `*` stands alone. */
const alone = (field: string, words: ReadonlyArray<string> | undefined, what: string, isEmptyGood: boolean): Problems => {
  if (words === undefined || words.length === 0) return [Causes.required(field)]
  return [
    ...(words.length > 1 && words.includes("*")
      ? [Causes.invalid(field, words, `if '*' is present, must not specify other ${what}`)]
      : []),
    ...(isEmptyGood ? [] : words.flatMap((word, index) => (word === "" ? [Causes.required(`${field}[${index}]`)] : [])))
  ]
}

const resources = (field: string, words: ReadonlyArray<string> = []): Problems => {
  if (words.length === 0) return [Causes.required(field)]
  const wholes = new Map<string, string>()
  const wrong = words.flatMap((word, index): Problems => {
    const at = `${field}[${index}]`
    if (word === "") return [Causes.required(at)]
    const [resource = "", sub = ""] = [word.split("/", 1)[0], word.includes("/") ? word.slice(word.indexOf("/") + 1) : ""]
    const covering = [wholes.get(`${resource}/*`), sub === "" ? undefined : wholes.get(`*/${sub}`)].find(Boolean)
    if (word.endsWith("/*") || word.startsWith("*/")) wholes.set(word, word)
    return covering === undefined || covering === word
      ? []
      : [Causes.invalid(at, word, `if '${covering}' is present, must not specify ${word}`)]
  })
  const others =
    words.length > 1 && words.includes("*/*")
      ? [Causes.invalid(field, words, "if '*/*' is present, must not specify other resources")]
      : []
  const bare =
    words.includes("*") && words.some((word) => !word.includes("/") && word !== "*")
      ? [Causes.invalid(field, words, "if '*' is present, must not specify other resources without subresources")]
      : []
  return [...wrong, ...others, ...bare]
}

export const rule = (field: string, given: Partial<RuleWithOperations>): Problems => {
  const { apiGroups, apiVersions, operations: asked, scope } = given
  return [
    ...alone(`${field}.operations`, asked, "operations", true),
    ...(asked ?? []).flatMap((word, index) => oneOf(`${field}.operations[${index}]`, word, operations)),
    ...alone(`${field}.apiGroups`, apiGroups, "API groups", true),
    ...alone(`${field}.apiVersions`, apiVersions, "API versions", false),
    ...resources(`${field}.resources`, given.resources),
    ...oneOf(`${field}.scope`, scope, ["*", "Cluster", "Namespaced"])
  ]
}

const mostConditions = 64

/** Those of a policy may speak of parameters. */
export const conditions = (field: string, given: ReadonlyArray<MatchCondition> = [], hasParams = false): Problems => {
  const names = given.map(({ name }) => name)
  const compiled = MatchConditions.compile(given, { hasParams, hasAuthorizer: true })
  return [
    ...(given.length > mostConditions ? [Causes.tooMany(field, given.length, mostConditions)] : []),
    ...given.flatMap(({ expression, name }, index) => {
      const at = `${field}[${index}]`
      const error = compiled[index]?.expression.error
      return [
        ...(expression.trim() === ""
          ? [Causes.required(`${at}.expression`)]
          : error === undefined
            ? []
            : [Causes.invalid(`${at}.expression`, expression, error)]),
        ...(name === "" ? [Causes.required(`${at}.name`)] : Causes.broken(`${at}.name`, name, Names.labelKey(name))),
        ...(name !== "" && names.indexOf(name) < index ? [Causes.duplicate(`${at}.name`, name)] : [])
      ]
    })
  ]
}

const threeSegments = "should be a domain with at least three segments separated by dots"
const nameOf = (field: string, name: string): Problems => {
  if (name === "") return [Causes.required(field)]
  const wrong = Causes.broken(field, name, Names.dns1123Subdomain(name))
  return wrong.length === 0 && name.split(".").length < 3 ? [Causes.invalid(field, name, threeSegments)] : wrong
}

const effects = ["None", "NoneOnDryRun"]

const webhook = (field: string, given: Webhook): Problems => [
  ...nameOf(`${field}.name`, given.name),
  ...(given.rules ?? []).flatMap((one, index) => rule(`${field}.rules[${index}]`, one)),
  ...oneOf(`${field}.failurePolicy`, given.failurePolicy, ["Fail", "Ignore"]),
  ...oneOf(`${field}.matchPolicy`, given.matchPolicy, ["Equivalent", "Exact"]),
  ...(given.sideEffects === undefined || given.sideEffects === ""
    ? [Causes.required(`${field}.sideEffects`, `must specify one of ${effects.join(", ")}`)]
    : oneOf(`${field}.sideEffects`, given.sideEffects, effects)),
  ...(given.timeoutSeconds > 30 || given.timeoutSeconds < 1
    ? [Causes.invalid(`${field}.timeoutSeconds`, given.timeoutSeconds, "the timeout value must be between 1 and 30 seconds")]
    : []),
  ...Selector.validate(given.namespaceSelector, `${field}.namespaceSelector`),
  ...Selector.validate(given.objectSelector, `${field}.objectSelector`),
  ...ClientConfig.validate(`${field}.clientConfig`, given.clientConfig),
  ...conditions(`${field}.matchConditions`, given.matchConditions),
  ...oneOf(`${field}.reinvocationPolicy`, given.reinvocationPolicy, ["IfNeeded", "Never"])
]

const validate = ({ webhooks = [] }: Configuration): Problems => {
  const names = webhooks.map(({ name }) => name)
  return webhooks.flatMap((one, index) => {
    const field = `webhooks[${index}]`
    return [
      ...webhook(field, one),
      ...versions(`${field}.admissionReviewVersions`, one.admissionReviewVersions),
      ...(one.name !== "" && names.indexOf(one.name) < index ? [Causes.duplicate(`${field}.name`, one.name)] : [])
    ]
  })
}

export const configuration: Strategy<Configuration> = {
  generation: true,
  validate,
  columns: [integer("Webhooks", "How many there are.", ({ webhooks }) => webhooks?.length)]
}
