/** What is wrong with the amounts that a container asks for and is limited to. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { ResourceRequirements } from "../contracts/core/v1.ts"

type Amounts = { readonly [name: string]: string }

const isStandard = (name: string) =>
  name === "cpu" || name === "memory" || name === "ephemeral-storage" || name.startsWith("hugepages-")
/** Of what only whole pieces are given away, nobody may be promised more than there is. */
const isDivisible = (name: string) =>
  (!name.includes("/") || name.includes("kubernetes.io/")) && !name.startsWith("hugepages-")

/** An amount of anything, under `field`. */
export const validateQuantity = (text: string, field: string): Causes.Causes =>
  Quantity.of(text).nanos < 0n ? [Causes.invalid(field, text, "must be greater than or equal to 0")] : []

const validateAmounts = (amounts: Amounts, field: string): Causes.Causes =>
  Object.entries(amounts).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`
    const isWhole = isDivisible(name) || Quantity.of(amount).nanos % 1_000_000_000n === 0n
    return [
      ...Causes.broken(at, name, Names.labelKey(name)),
      ...(name.includes("/") || isStandard(name)
        ? []
        : [
            Causes.invalid(at, name, "must be a standard resource type or fully qualified"),
            Causes.invalid(at, name, "must be a standard resource for containers")
          ]),
      ...validateQuantity(amount, at),
      ...(isWhole ? [] : [Causes.invalid(at, amount, "must be an integer")])
    ]
  })

export const validateResources = ({ limits = {}, requests = {} }: ResourceRequirements, field: string): Causes.Causes => [
  ...validateAmounts(limits, `${field}.limits`),
  ...validateAmounts(requests, `${field}.requests`),
  ...Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name]
    if (limit === undefined)
      return isDivisible(name)
        ? []
        : [Causes.required(`${field}.limits`, "Limit must be set for non overcommitable resources")]
    const order = Quantity.compare(Quantity.of(request), Quantity.of(limit))
    if (order !== 0 && !isDivisible(name))
      return [Causes.invalid(`${field}.requests`, request, `must be equal to ${name} limit of ${limit}`)]
    return order > 0
      ? [Causes.invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)]
      : []
  })
]
