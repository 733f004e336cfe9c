/** ComponentStatuses: how the parts of the control plane are, as old clients ask for it. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { ComponentStatus } from "../contracts/core/v1.ts"

const healthy = ({ conditions = [] }: ComponentStatus) => conditions.find(({ type }) => type === "Healthy")

export const strategy: Strategy<ComponentStatus> = {
  onlyColumns: true,
  columns: [
    text("Status", "Whether it is healthy.", (one) => (healthy(one)?.status === "True" ? "Healthy" : "Unhealthy")),
    text("Message", "What it says.", (one) => healthy(one)?.message ?? ""),
    text("Error", "What is wrong.", (one) => healthy(one)?.error ?? "")
  ]
}
