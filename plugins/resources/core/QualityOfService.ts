/** How sure a Pod can be of what it asks for. Source: "Pod Quality of Service Classes" of the Kubernetes documentation. */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { PodSpec } from "../contracts/core/v1.ts"

export type Class = "Guaranteed" | "Burstable" | "BestEffort"

type Amounts = { readonly [name: string]: string } | undefined
const counted = ["cpu", "memory"] as const
const amount = (amounts: Amounts, name: string) => {
  const quantity = Quantity.of(amounts?.[name])
  return quantity.nanos > 0n ? quantity : undefined
}

export const of = ({ containers, initContainers = [], resources }: PodSpec): Class => {
  // What is said of the whole Pod counts instead of what is said of its containers.
  const all =
    resources === undefined ? [...containers, ...initContainers].map((container) => container.resources) : [resources]
  const asked = all.flatMap(({ limits, requests }) =>
    counted.flatMap((name) => [amount(limits, name), amount(requests, name)])
  )
  if (asked.every((quantity) => quantity === undefined)) return "BestEffort"
  const isFixed = all.every(({ limits, requests }) =>
    counted.every((name) => {
      const [limit, request] = [amount(limits, name), amount(requests, name)]
      return limit !== undefined && (request === undefined || Quantity.equals(limit, request))
    })
  )
  return isFixed ? "Guaranteed" : "Burstable"
}
