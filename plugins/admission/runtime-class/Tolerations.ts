/** Two lists of tolerations as one, without those that another covers. */
import { isDeepStrictEqual } from "node:util"
import type { Toleration } from "../../resources/contracts/core/v1.ts"

/** Whether the one bears all that the other bears. An empty key with `Exists` is every key, an empty effect every effect. */
const covers = (one: Toleration, other: Toleration) => {
  if (isDeepStrictEqual(one, other)) return true
  const { effect = "", key = "", operator = "", tolerationSeconds, value = "" } = one
  if (key !== (other.key ?? "") && (key !== "" || operator !== "Exists")) return false
  if (effect !== "" && effect !== (other.effect ?? "")) return false
  if (effect === "NoExecute" && tolerationSeconds !== undefined) {
    if (other.tolerationSeconds === undefined || other.tolerationSeconds > tolerationSeconds) return false
  }
  if (operator === "Exists") return true
  return (operator === "" || operator === "Equal") && operator === (other.operator ?? "") && value === (other.value ?? "")
}

export const merge = (own: ReadonlyArray<Toleration>, given: ReadonlyArray<Toleration>): ReadonlyArray<Toleration> => {
  const all = [...own, ...given]
  const merged: Array<Toleration> = []
  for (const [index, one] of all.entries()) {
    // Of those that are equal the first stays.
    const later = all.slice(index + 1).some((other) => !isDeepStrictEqual(one, other) && covers(other, one))
    if (!later && !merged.some((other) => covers(other, one))) merged.push(one)
  }
  return merged
}
