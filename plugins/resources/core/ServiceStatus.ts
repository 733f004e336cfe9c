/** What is wrong with the status of a Service: where its load balancer is, and its conditions. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { address, each, enumerated, when } from "../../../kernel/resource/Rules.ts"
import type { LoadBalancerIngress, Service } from "../contracts/core/v1.ts"

const validateIngress = ({ hostname = "", ip = "", ipMode }: LoadBalancerIngress, field: string): Causes.Causes => [
  ...(ip === "" ? [] : address(`${field}.ip`, ip)),
  ...(ip === ""
    ? when(ipMode !== undefined, () => Causes.forbidden(`${field}.ipMode`, "may not be specified when `ip` is not set"))
    : enumerated(`${field}.ipMode`, ipMode, ["Proxy", "VIP"])),
  ...(hostname === "" ? [] : Causes.broken(`${field}.hostname`, hostname, Names.dns1123Subdomain(hostname))),
  ...when(isIP(hostname) > 0, () => Causes.invalid(`${field}.hostname`, hostname, "must be a DNS name, not an IP address"))
]

export const validateStatus = ({ spec, status }: Service, { spec: old, status: before }: Service): Causes.Causes => {
  const ingress = status.loadBalancer.ingress ?? []
  const wasThere = (before.loadBalancer.ingress ?? []).length > 0 && old.type === spec.type
  const field = "status.loadBalancer.ingress"
  if (spec.type !== "LoadBalancer")
    return when(ingress.length > 0 && !wasThere, () =>
      Causes.forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")
    )
  return each(ingress, field, validateIngress)
}
