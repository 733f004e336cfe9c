/** Which requests a list of rules is about. Source: admissionregistration.k8s.io/v1 RuleWithOperations, matchPolicy. */
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { Version } from "../../../kernel/resource/Kind.ts"
import type { RuleWithOperations } from "../../resources/contracts/admissionregistration/v1.ts"
import { type GroupVersionResource, isNamespace, resourceOf, type Subject } from "./Subject.ts"

/** What webhooks and policies are made of is never subject to them: else nobody could take away one that refuses everything. */
const exempt = new Set([
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding"
])
export const isExempt = ({ kind: { group, kind } }: Subject) => group === "admissionregistration.k8s.io" && exempt.has(kind)

type Rule = Partial<RuleWithOperations>

const has = (words: ReadonlyArray<string> = [], word: string) => words.includes("*") || words.includes(word)

const isInScope = ({ scope = "*" }: Rule, subject: Subject) => {
  const isOfCluster = isNamespace(subject) || subject.namespace === ""
  return scope === "*" || (scope === "Cluster") === isOfCluster
}

const names = ({ resources = [] }: Rule, { resource }: GroupVersionResource, subresource: string) =>
  resources.some((text) => {
    const slash = text.indexOf("/")
    const [main, sub] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash + 1)]
    return (main === "*" || main === resource) && (sub === "*" || sub === subresource)
  })

export const matches = (rule: Rule, subject: Subject, resource: GroupVersionResource = subject.resource): boolean =>
  isInScope(rule, subject) &&
  has(rule.operations, subject.operation) &&
  has(rule.apiGroups, resource.group) &&
  has(rule.apiVersions, resource.version) &&
  names(rule, resource, subject.subresource)

/**
 * The version in which the rules want the request; with `Equivalent` they may mean the same resource in another version or group.
 * Nothing: they do not mean it at all.
 */
export const versionFor = (
  rules: ReadonlyArray<Rule>,
  matchPolicy: string | undefined,
  request: Pick<Admitted, "kind" | "version">,
  subject: Subject
): Version | undefined => {
  if (rules.some((rule) => matches(rule, subject))) return request.version
  if (matchPolicy !== "Equivalent") return undefined
  const others = request.kind.versions.filter(
    ({ group, version }) => group !== request.version.group || version !== request.version.version
  )
  // What stands first in the rules counts first.
  for (const rule of rules) {
    const found = others.find((version) => matches(rule, subject, resourceOf(request, version)))
    if (found !== undefined) return found
  }
  return undefined
}
