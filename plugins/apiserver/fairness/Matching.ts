/** Which flow a request belongs to: the first FlowSchema, by precedence, with a rule that fits. Source: flowcontrol.apiserver.k8s.io/v1. */
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject
} from "../../resources/contracts/flowcontrol/v1.ts"

/** What is asked: of objects, or of another `path`. */
export interface Asked {
  readonly verb: string
  readonly group: string
  /** With its subresource, `pods/status`; empty for what is no object. */
  readonly resource: string
  readonly namespace: string
  readonly path: string
}

const account = "system:serviceaccount:"

const isSubject = ({ groups, name }: User, subject: Subject): boolean => {
  switch (subject.kind) {
    case "User":
      return subject.user?.name === "*" || subject.user?.name === name
    case "Group":
      return subject.group !== undefined && (subject.group.name === "*" || groups.includes(subject.group.name))
    case "ServiceAccount": {
      const { serviceAccount } = subject
      if (serviceAccount === undefined || !name.startsWith(account)) return false
      const [namespace, own] = name.slice(account.length).split(":")
      return serviceAccount.namespace === namespace && (serviceAccount.name === "*" || serviceAccount.name === own)
    }
    default:
      return false
  }
}

const has = (list: ReadonlyArray<string>, value: string) => list.includes(value) || list.includes("*")

const isObject = ({ apiGroups, clusterScope, namespaces = [], resources, verbs }: ResourcePolicyRule, asked: Asked) =>
  has(verbs, asked.verb) &&
  has(apiGroups, asked.group) &&
  has(resources, asked.resource) &&
  (asked.namespace === "" ? clusterScope === true : has(namespaces, asked.namespace))

/** A last `*` stands for whatever follows. */
const isBelow = (pattern: string, path: string) =>
  pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)))

const isOther = ({ nonResourceURLs, verbs }: NonResourcePolicyRule, { path, verb }: Asked) =>
  has(verbs, verb) && nonResourceURLs.some((pattern) => isBelow(pattern, path))

const fits = ({ nonResourceRules = [], resourceRules = [] }: PolicyRulesWithSubjects, asked: Asked) =>
  asked.resource === ""
    ? nonResourceRules.some((rule) => isOther(rule, asked))
    : resourceRules.some((rule) => isObject(rule, asked))

export const matches = ({ spec: { rules = [] } }: FlowSchema, user: User, asked: Asked): boolean =>
  rules.some((rule) => rule.subjects.some((subject) => isSubject(user, subject)) && fits(rule, asked))

export const byPrecedence = (a: FlowSchema, b: FlowSchema): number =>
  a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1)
