/** How much of a device's capacity may be asked for at once, where it is shared. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { each, inside, when } from "../../../kernel/resource/Rules.ts"
import type { CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity } from "../contracts/resource/v1.ts"

const compare = (a: string, b: string) => Quantity.compare(Quantity.of(a), Quantity.of(b))

const validateValues = (
  { default: usual, validValues = [] }: CapacityRequestPolicy,
  capacity: string,
  field: string
): Causes.Causes => {
  if (validValues.length === 0) return []
  const at = `${field}.validValues`
  return [
    ...each(validValues, at, (value, one, index) => [
      ...when(index > 0 && compare(validValues[index - 1] ?? value, value) > 0, () =>
        Causes.invalid(one, value, "values must be sorted in ascending order")
      ),
      ...when(compare(value, capacity) > 0, () =>
        Causes.invalid(one, value, `option is larger than capacity value: ${capacity}`)
      )
    ]),
    ...validValues.flatMap((value, index) =>
      when(validValues.indexOf(value) < index, () => Causes.duplicate(`${at}[${index}]`, value))
    ),
    ...when(usual !== undefined && !validValues.some((value) => compare(value, usual) === 0), () =>
      Causes.invalid(at, usual, "default value is not valid according to the requestPolicy")
    )
  ]
}

/** What is to come out at multiples of a step, counted from the least. */
const isOff = (value: string, { min, step = "0" }: CapacityRequestPolicyRange) => {
  const [from, by] = [Quantity.of(min).nanos, Quantity.of(step).nanos]
  return by > 0n && (Quantity.of(value).nanos - from) % by !== 0n
}

const validateRange = (
  range: CapacityRequestPolicyRange,
  usual: string | undefined,
  capacity: string,
  field: string
): Causes.Causes => {
  const { max, min, step } = range
  const words = `value is not a multiple of a given step (${step}) from (${min})`
  return [
    ...when(usual !== undefined && compare(usual, min) < 0, () =>
      Causes.invalid(`${field}.min`, usual, `default is less than min: ${min}`)
    ),
    ...when(compare(min, capacity) > 0, () =>
      Causes.invalid(`${field}.min`, min, `min is larger than capacity value: ${capacity}`)
    ),
    ...when(max !== undefined && compare(min, max) > 0, () =>
      Causes.invalid(`${field}.min`, min, `min is larger than max: ${max}`)
    ),
    ...when(usual !== undefined && max !== undefined && compare(usual, max) > 0, () =>
      Causes.invalid(`${field}.max`, usual, `default is more than max: ${max}`)
    ),
    ...when(max !== undefined && compare(max, capacity) > 0, () =>
      Causes.invalid(`${field}.max`, max, `max is larger than capacity value: ${capacity}`)
    ),
    ...when(usual !== undefined && isOff(usual, range), () => Causes.invalid(`${field}.step`, usual, words)),
    ...when(max !== undefined && isOff(max, range), () => Causes.invalid(`${field}.step`, max, words))
  ]
}

export const validateCapacity = (
  { requestPolicy, value }: DeviceCapacity,
  isShared: boolean,
  field: string
): Causes.Causes =>
  inside(requestPolicy, (policy) => {
    const at = `${field}.requestPolicy`
    if (!isShared) return [Causes.forbidden(at, "allowMultipleAllocations must be true")]
    if (policy.validRange !== undefined && (policy.validValues ?? []).length > 0)
      return [
        Causes.forbidden(
          at,
          'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        )
      ]
    return [
      ...validateValues(policy, value, at),
      ...inside(policy.validRange, (range) => validateRange(range, policy.default, value, `${at}.validRange`))
    ]
  })
