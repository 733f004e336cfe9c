/** What is wrong with what a Pod asks to be told of itself: a field of its own, or an amount of one of its containers. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { enumerated, required, when } from "../../../kernel/resource/Rules.ts"
import type { ObjectFieldSelector, ResourceFieldSelector } from "../contracts/core/v1.ts"

/** Fields that exist at all; which of them can be told depends on where. */
const known =
  /^(?:metadata\.(?:name|namespace|uid|labels|annotations|(?:labels|annotations)\['.*'\])|spec\.(?:nodeName|restartPolicy|schedulerName|serviceAccountName|hostNetwork)|status\.(?:phase|podIPs?|hostIPs?|nominatedNodeName))$/

export const environmentFields =
  /^(?:metadata\.(?:name|namespace|uid|(?:labels|annotations)\['.+'\])|spec\.(?:nodeName|serviceAccountName)|status\.(?:hostIPs?|podIPs?))$/
const environmentWords = [
  ...["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"],
  ...["status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"]
]
const downwardWords = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"]

export const validateFieldRef = (
  { apiVersion = "v1", fieldPath }: ObjectFieldSelector,
  field: string,
  told: RegExp
): Causes.Causes => {
  if (apiVersion === "") return [Causes.required(`${field}.apiVersion`)]
  if (fieldPath === "") return [Causes.required(`${field}.fieldPath`)]
  if (!known.test(fieldPath))
    return [
      Causes.invalid(`${field}.fieldPath`, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)
    ]
  const words = told === environmentFields ? environmentWords : downwardWords
  return when(!told.test(fieldPath), () => Causes.notSupported(`${field}.fieldPath`, fieldPath, words))
}

const amounts = ["cpu", "ephemeral-storage", "memory"]
const resources = ["limits", "requests"].flatMap((which) => amounts.map((name) => `${which}.${name}`))
const hugePages = ["limits.hugepages-", "requests.hugepages-"]

const units: { readonly [amount: string]: ReadonlyArray<string> } = {
  cpu: ["1m", "1"],
  memory: ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"],
  "ephemeral-storage": ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
}
const divisorsOf: { readonly [amount: string]: string } = {
  cpu: "only divisor's values 1m and 1 are supported with the cpu resource",
  memory:
    "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource",
  "ephemeral-storage":
    "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource"
}

/** `foreign`: it is not the container's own amount, so that the container has to be named. */
export const validateResourceRef = (
  { containerName = "", divisor = "0", resource }: ResourceFieldSelector,
  field: string,
  foreign: boolean
): Causes.Causes => {
  if (foreign && containerName === "") return [Causes.required(`${field}.containerName`)]
  if (resource === "") return required(`${field}.resource`, resource)
  if (hugePages.some((prefix) => resource.startsWith(prefix))) return []
  const wrong = enumerated(`${field}.resource`, resource, resources)
  if (wrong.length > 0 || divisor === "0") return wrong
  const amount = resource.slice(resource.indexOf(".") + 1)
  return when(!(units[amount] ?? []).includes(divisor), () =>
    Causes.invalid(`${field}.divisor`, resource.includes("cpu") ? "cpu" : amount, divisorsOf[amount] ?? "")
  )
}
