/**
 * Paths of an Ingress as rules of a listener of an application load balancer. A rule is known by its conditions; the order of all of them
 * follows from their priorities, which are changed together when another order is wanted.
 */
import type { Action, Rule, RuleCondition } from "@aws-sdk/client-elastic-load-balancing-v2"
import { Effect } from "effect"
import { NotReady, Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { IngressBalancer, Path, Wanted } from "../../../plugins/cloud/contracts/IngressBalancers.ts"
import { type Calls, hasCode } from "./Calls.ts"

type Told = IngressBalancer["paths"][number]

const prefix = "alb.ingress.kubernetes.io/"
export const annotation = ({ annotations }: Wanted, name: string) => annotations[`${prefix}${name}`] ?? ""

/** As many as a balancer has if nobody asks Amazon for more. */
const most = 100

/** What cannot be said to an application load balancer. */
export const checked = ({ paths }: Wanted) => {
  const special = paths.find(({ path }) => /[*?]/.test(path))
  if (special !== undefined)
    return Effect.fail(
      new Refused({ reason: `the path ${special.path} has a * or ?, which stand for others on a load balancer of AWS` })
    )
  if (paths.length > most)
    return Effect.fail(
      new Refused({ reason: `a load balancer of AWS has ${most} rules, and this Ingress has ${paths.length} paths` })
    )
  return Effect.void
}

const plainOf = (path: string) => path.replace(/\/+$/, "")
const patternsOf = ({ path, pathType }: Pick<Path, "path" | "pathType">) => {
  if (pathType === "Exact") return [path]
  const plain = plainOf(path)
  return plain === "" ? ["/*"] : [plain, `${plain}/*`]
}
const conditionsOf = (path: Pick<Path, "host" | "path" | "pathType">): Array<RuleCondition> => [
  ...(path.host === "" ? [] : [{ Field: "host-header", HostHeaderConfig: { Values: [path.host] } }]),
  { Field: "path-pattern", PathPatternConfig: { Values: patternsOf(path) } }
]
const valuesOf = ({ Conditions = [] }: Rule, field: string) => {
  const found = Conditions.find(({ Field }) => Field === field)
  return found?.HostHeaderConfig?.Values ?? found?.PathPatternConfig?.Values ?? found?.Values ?? []
}
const pathOf = (rule: Rule): Pick<Told, "host" | "path" | "pathType"> => {
  const [host = ""] = valuesOf(rule, "host-header")
  const [first = "/", second] = valuesOf(rule, "path-pattern")
  if (first === "/*") return { host, path: "/", pathType: "Prefix" }
  return { host, path: first, pathType: second === undefined ? "Exact" : "Prefix" }
}
const keyOf = ({ host, path, pathType }: Pick<Path, "host" | "path" | "pathType">) =>
  `${host} ${patternsOf({ path, pathType }).join(" ")}`

/** Who answers: nodes, or the balancer itself. */
export const actionsOf = (group: string | undefined, status: "404" | "503"): Array<Action> =>
  group === undefined
    ? [
        {
          Type: "fixed-response",
          FixedResponseConfig: {
            ContentType: "text/plain",
            StatusCode: status,
            MessageBody: status === "503" ? "Backend service does not exist" : ""
          }
        }
      ]
    : [{ Type: "forward", TargetGroupArn: group }]
/** What an action does, however much AWS tells about it. */
export const deedOf = ([action]: ReadonlyArray<Action> = []) =>
  action?.Type === "forward"
    ? (action.TargetGroupArn ?? action.ForwardConfig?.TargetGroups?.[0]?.TargetGroupArn ?? "")
    : `${action?.Type} ${action?.FixedResponseConfig?.StatusCode ?? action?.RedirectConfig?.StatusCode ?? ""}`

const priorityOf = ({ Priority }: Rule) => Number(Priority)
const inOrder = (rules: ReadonlyArray<Rule>) => rules.toSorted((a, b) => priorityOf(a) - priorityOf(b))

export const make = ({ elb, makeElb }: Calls) => {
  const rulesOf = (ListenerArn: string) =>
    elb(async (client, { paginateDescribeRules }, options) => {
      const found: Array<Rule> = []
      for await (const { Rules = [] } of paginateDescribeRules({ client }, { ListenerArn }, options)) found.push(...Rules)
      return inOrder(found.filter(({ IsDefault, Priority }) => IsDefault !== true && Priority !== "default"))
    })

  const added = (ListenerArn: string, path: Path, Actions: Array<Action>, Priority: number) =>
    makeElb((client, { CreateRuleCommand }, options) =>
      client.send(new CreateRuleCommand({ ListenerArn, Conditions: conditionsOf(path), Actions, Priority }), options)
    ).pipe(
      Effect.catch((error) =>
        Effect.fail(hasCode(error, "PriorityInUse") ? new NotReady({ reason: error.message, retryAfterSeconds: 1 }) : error)
      ),
      Effect.map(({ Rules = [] }) => Rules[0])
    )
  const changed = ({ RuleArn }: Rule, Actions: Array<Action>) =>
    elb((client, { ModifyRuleCommand }, options) => client.send(new ModifyRuleCommand({ RuleArn, Actions }), options))
  const removed = ({ RuleArn }: Rule) =>
    elb((client, { DeleteRuleCommand }, options) => client.send(new DeleteRuleCommand({ RuleArn }), options)).pipe(
      Effect.catch((error) => (hasCode(error, "RuleNotFound") ? Effect.void : Effect.fail(error)))
    )

  /** All at once, to priorities that nobody has: below those that there are, or above. */
  const ordered = Effect.fnUntraced(function* (wanted: ReadonlyArray<Rule>, all: ReadonlyArray<Rule>) {
    if (inOrder(wanted).every(({ RuleArn }, index) => RuleArn === wanted[index]?.RuleArn)) return
    const taken = all.map(priorityOf)
    const from = Math.min(...taken) > wanted.length ? 1 : Math.max(...taken) + 1
    const RulePriorities = wanted.map(({ RuleArn }, index) => ({ RuleArn, Priority: from + index }))
    yield* elb((client, { SetRulePrioritiesCommand }, options) =>
      client.send(new SetRulePrioritiesCommand({ RulePriorities }), options)
    )
  })

  /** `groupOf`: the target group of a node port. New rules come last, so that they take nothing from others before all are in order. */
  const kept = Effect.fnUntraced(function* (
    listener: string,
    paths: ReadonlyArray<Path>,
    groupOf: (nodePort: number) => string | undefined
  ) {
    const before = yield* rulesOf(listener)
    const byKey = new Map(before.toReversed().map((rule) => [keyOf(pathOf(rule)), rule]))
    let last = Math.max(0, ...before.map(priorityOf))
    const wanted = yield* Effect.forEach(
      [...new Map(paths.toReversed().map((path) => [keyOf(path), path])).values()].toReversed(),
      Effect.fnUntraced(function* (path) {
        const actions = actionsOf(groupOf(path.backend.nodePort), "503")
        const found = byKey.get(keyOf(path))
        if (found === undefined) return yield* added(listener, path, actions, ++last)
        if (deedOf(found.Actions) !== deedOf(actions)) yield* changed(found, actions)
        return found
      })
    )
    const rules = wanted.filter((rule) => rule !== undefined)
    const arns = new Set(rules.map(({ RuleArn }) => RuleArn))
    yield* ordered(rules, [...before, ...rules])
    yield* Effect.forEach(
      before.filter(({ RuleArn }) => !arns.has(RuleArn)),
      removed,
      { discard: true }
    )
  })

  const told = (listener: string, nodePortOf: (group: string) => number) =>
    Effect.map(rulesOf(listener), (rules) =>
      rules.map((rule): Told => ({ ...pathOf(rule), nodePort: nodePortOf(deedOf(rule.Actions)) }))
    )
  return { kept, told }
}
