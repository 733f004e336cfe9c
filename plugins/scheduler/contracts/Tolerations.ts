/** Which taints of nodes a Pod bears. Source: "Taints and Tolerations" of the Kubernetes documentation. */
import type { Taint, Toleration } from "../../resources/contracts/core/v1.ts"

export const tolerates = ({ effect = "", key = "", operator = "Equal", value = "" }: Toleration, taint: Taint) => {
  if (effect !== "" && effect !== taint.effect) return false
  if (key !== "" && key !== taint.key) return false
  switch (operator === "" ? "Equal" : operator) {
    case "Exists":
      return true
    case "Equal":
      return key !== "" && value === (taint.value ?? "")
    case "Gt":
      return Number(taint.value) > Number(value)
    case "Lt":
      return Number(taint.value) < Number(value)
    default:
      return false
  }
}

/** The first taint, of the effects asked for, that none of the tolerations bears. */
export const untolerated = (
  tolerations: ReadonlyArray<Toleration> | undefined,
  taints: ReadonlyArray<Taint> | undefined,
  ...effects: ReadonlyArray<string>
) => taints?.find((taint) => effects.includes(taint.effect) && tolerations?.some((one) => tolerates(one, taint)) !== true)
