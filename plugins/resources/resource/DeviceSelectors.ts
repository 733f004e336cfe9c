/** The expressions by which devices are chosen. Source: Kubernetes' documentation, "Dynamic Resource Allocation". */
import { Result } from "effect"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Cel from "../../cel/contracts/Cel.ts"
import type { DeviceSelector } from "../contracts/resource/v1.ts"
import { validateSet } from "./DeviceNames.ts"

const { Types } = Cel
const maxLength = 10 * 1024
const maxSelectors = 32
/** What an evaluation may cost, with as many attributes as a device can have. */
const maxCost = 1_000_000
const maxParts = 32

const byDomain = (value: Cel.Type) => Types.map(Types.string, Types.map(Types.string, value))

const device: Cel.Declared = {
  type: Types.object(
    "kubernetes.DRADevice",
    new Map([
      ["driver", Types.string],
      ["attributes", byDomain(Types.dyn)],
      ["capacity", byDomain(Types.struct("kubernetes.Quantity"))],
      ["allowMultipleAllocations", Types.bool]
    ])
  ),
  minSize: 1,
  maxElements: maxParts
}

const validateExpression = (expression: string, field: string): Causes.Causes => {
  if (expression.length > maxLength) return [Causes.tooLong(field, maxLength)]
  const compiled = Cel.compile(expression, { variables: { device } })
  if (Result.isFailure(compiled))
    return [Causes.invalid(field, expression, `compilation failed: ${compiled.failure.message}`)]
  const { estimatedCost, result } = compiled.success
  if (result.kind !== "bool" && result.kind !== "dyn")
    return [Causes.invalid(field, expression, `must evaluate to bool or the unknown type, not ${Types.format(result)}`)]
  return estimatedCost > maxCost ? [Causes.forbidden(field, "too complex, exceeds cost limit")] : []
}

export const validateSelectors = (selectors: ReadonlyArray<DeviceSelector> | undefined, field: string): Causes.Causes =>
  validateSet(selectors, maxSelectors, field, ({ cel }, at) =>
    cel === undefined ? [Causes.required(`${at}.cel`)] : validateExpression(cel.expression, `${at}.cel.expression`)
  )
