/** A Pod with scheduling gates waits until whoever set them has taken them away. */
import type { Gate } from "../contracts/Extensions.ts"

export const schedulingGates: Gate = {
  name: "SchedulingGates",
  holds: ({ spec }) => (spec.schedulingGates ?? []).length > 0
}
