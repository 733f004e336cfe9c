/** The expressions by which devices are chosen. Source: Kubernetes' documentation, "Dynamic Resource Allocation". */
import { Result } from "effect"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Devices from "../../cel/contracts/Devices.ts"
import type { DeviceSelector } from "../contracts/resource/v1.ts"
import { validateSet } from "./DeviceNames.ts"

const maxLength = 10 * 1024
const maxSelectors = 32

const validateExpression = (expression: string, field: string): Causes.Causes => {
  if (expression.length > maxLength) return [Causes.tooLong(field, maxLength)]
  const compiled = Devices.compile(expression)
  if (Result.isFailure(compiled))
    return [Causes.invalid(field, expression, `compilation failed: ${compiled.failure.message}`)]
  const { estimatedCost, result } = compiled.success
  if (result.kind !== "bool" && result.kind !== "dyn")
    return [Causes.invalid(field, expression, `must evaluate to bool or the unknown type, not ${Devices.format(result)}`)]
  return estimatedCost > Devices.maxCost ? [Causes.forbidden(field, "too complex, exceeds cost limit")] : []
}

export const validateSelectors = (selectors: ReadonlyArray<DeviceSelector> | undefined, field: string): Causes.Causes =>
  validateSet(selectors, maxSelectors, field, ({ cel }, at) =>
    cel === undefined ? [Causes.required(`${at}.cel`)] : validateExpression(cel.expression, `${at}.cel.expression`)
  )
