/** APIServices: which server answers for a group. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { APIService } from "../contracts/apiregistration/v1.ts"

const availability = ({ status }: APIService) => {
  const { reason = "", status: is = "Unknown" } = status.conditions?.find(({ type }) => type === "Available") ?? {}
  return is === "True" || reason === "" ? is : `${is} (${reason})`
}

export const strategy: Strategy<APIService> = {
  generation: false,
  columns: [
    text("Service", "Who serves it.", ({ spec: { service } }) =>
      service === undefined ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`
    ),
    text("Available", "Whether it answers.", availability)
  ]
}
