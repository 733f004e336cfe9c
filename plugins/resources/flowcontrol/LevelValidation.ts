/** What is wrong with a PriorityLevelConfiguration, in upstream's words. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration
} from "../contracts/flowcontrol/v1.ts"
import { mandatoryLevels } from "../contracts/FlowDefaults.ts"
import { plain } from "./FlowValidation.ts"

const mostQueues = 10_000_000
/** Bits of the hash by which upstream deals a flow its queues. */
const hashBits = 60

const entropy = (queues: number, handSize: number) => {
  let bits = 0
  for (let card = 0; card < handSize; card++) bits += Math.log2(queues - card)
  return Math.ceil(bits)
}

const queuing = (at: string, { handSize, queueLengthLimit, queues }: QueuingConfiguration): Causes.Causes => {
  const hand = (why: string) => [Causes.invalid(`${at}.handSize`, handSize, why)]
  const isCount = queues > 0 && queues <= mostQueues
  const tooMany = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`
  return [
    ...(queueLengthLimit <= 0 ? [Causes.invalid(`${at}.queueLengthLimit`, queueLengthLimit, "must be positive")] : []),
    ...(queues <= 0 ? [Causes.invalid(`${at}.queues`, queues, "must be positive")] : []),
    ...(queues > mostQueues ? [Causes.invalid(`${at}.queues`, queues, `must not be greater than ${mostQueues}`)] : []),
    ...(handSize <= 0
      ? hand("must be positive")
      : handSize > queues
        ? hand(`should not be greater than queues (${queues})`)
        : isCount && entropy(queues, Math.min(handSize, 64)) > hashBits
          ? hand(tooMany)
          : [])
  ]
}

const response = (at: string, given: LimitResponse | undefined): Causes.Causes => {
  switch (given?.type ?? "") {
    case "Reject":
      return given?.queuing === undefined
        ? []
        : [Causes.forbidden(`${at}.queuing`, "must be nil if limited.limitResponse.type is not Limited")]
    case "Queue":
      return given?.queuing === undefined
        ? [Causes.required(`${at}.queuing`, "must not be empty if limited.limitResponse.type is Limited")]
        : queuing(`${at}.queuing`, given.queuing)
    case "":
      return [Causes.required(`${at}.type`)]
    default:
      return [Causes.notSupported(`${at}.type`, given?.type, ["Queue", "Reject"])]
  }
}

const shares = (at: string, value: number): Causes.Causes =>
  value < 0 ? [Causes.invalid(`${at}.nominalConcurrencyShares`, value, "must be a non-negative integer")] : []
const lendable = (at: string, value: number): Causes.Causes =>
  value < 0 || value > 100 ? [Causes.invalid(`${at}.lendablePercent`, value, "must be between 0 and 100, inclusive")] : []

const limited = (given: LimitedPriorityLevelConfiguration): Causes.Causes => {
  const at = "spec.limited"
  const { borrowingLimitPercent = 0 } = given
  return [
    ...shares(at, given.nominalConcurrencyShares),
    ...response(`${at}.limitResponse`, given.limitResponse),
    ...lendable(at, given.lendablePercent),
    ...(borrowingLimitPercent < 0
      ? [
          Causes.invalid(
            `${at}.borrowingLimitPercent`,
            borrowingLimitPercent,
            "if specified, must be a non-negative integer"
          )
        ]
      : [])
  ]
}

const specOf = (name: string, spec: PriorityLevelConfigurationSpec): Causes.Causes => {
  const { exempt, limited: limits, type } = spec
  const misnamed =
    (name === "exempt") === (type === "Exempt")
      ? []
      : [Causes.invalid("spec.type", type, "must be 'Exempt' if and only if `name` is 'exempt'")]
  switch (type) {
    case "Exempt":
      return [
        ...misnamed,
        ...(limits === undefined ? [] : [Causes.forbidden("spec.limited", "must be nil if the type is not Limited")]),
        ...(exempt === undefined
          ? []
          : [...shares("spec.exempt", exempt.nominalConcurrencyShares), ...lendable("spec.exempt", exempt.lendablePercent)])
      ]
    case "Limited":
      return [
        ...misnamed,
        ...(exempt === undefined ? [] : [Causes.forbidden("spec.exempt", "must be nil if the type is Limited")]),
        ...(limits === undefined
          ? [Causes.required("spec.limited", "must not be empty when type is Limited")]
          : limited(limits))
      ]
    case "":
      return [...misnamed, Causes.required("spec.type")]
    default:
      return [...misnamed, Causes.notSupported("spec.type", type, ["Exempt", "Limited"])]
  }
}

/** What exempt requests count for is for people to say. */
const fixed = (name: string, spec: PriorityLevelConfigurationSpec): Causes.Causes => {
  const wanted = mandatoryLevels[name]
  if (wanted === undefined) return []
  const { exempt: _, ...rest } = spec
  const isExempt = name === "exempt"
  if (equal(plain(wanted), plain(isExempt && wanted.exempt ? { ...rest, exempt: wanted.exempt } : spec))) return []
  const but = isExempt ? " except the 'spec.exempt' field" : ""
  return [Causes.invalid("spec", spec, `spec of '${name}'${but} must equal the fixed value`)]
}

export const level = ({ metadata: { name }, spec }: PriorityLevelConfiguration): Causes.Causes => [
  ...specOf(name, spec),
  ...fixed(name, spec)
]
