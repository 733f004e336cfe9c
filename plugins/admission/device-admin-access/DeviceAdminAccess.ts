/**
 * Who looks after devices reaches those that others use: only in namespaces that are marked for it. Source: "Dynamic Resource Allocation"
 * of the Kubernetes documentation, "Admin access".
 */
import { Effect, Layer, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Invalid } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { Namespace } from "../../resources/contracts/core/v1.ts"
import { type DeviceClaim, ResourceClaim, ResourceClaimTemplate } from "../../resources/contracts/resource/v1.ts"

const label = "resource.kubernetes.io/admin-access"
const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`

const askedBy = ({ requests = [] }: DeviceClaim = {}) => {
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess === true)
  return index < 0 ? undefined : `spec.devices.requests[${index}].adminAccess`
}
const givenTo = ({ allocation }: ResourceClaim["status"]) => {
  const index = allocation?.devices.results?.findIndex(({ adminAccess }) => adminAccess === true) ?? -1
  return index < 0 ? undefined : `status.allocation.devices.results[${index}].adminAccess`
}

/** The field by which it is asked for or given. What has been decoded as a kind is of that kind, hence the casts. */
const fieldOf = ({ attributes: { subresource }, kind, object, old }: Admitted): string | undefined => {
  if (object === undefined) return undefined
  if (kind.storage === ResourceClaimTemplate.storage)
    return askedBy((object as unknown as ResourceClaimTemplate).spec.spec.devices)
  if (kind.storage !== ResourceClaim.storage) return undefined
  const claim = object as unknown as ResourceClaim
  if (subresource === "") return old === undefined ? askedBy(claim.spec.devices) : undefined
  const before = old as unknown as ResourceClaim | undefined
  return before !== undefined && givenTo(before.status) !== undefined ? undefined : givenTo(claim.status)
}

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const validate = Effect.fnUntracedEager(function* (request: Admitted) {
      const field = fieldOf(request)
      if (field === undefined) return
      const { group, name, namespace, resource } = request.attributes
      const found = yield* client.find(Namespace, { namespace: "", name: namespace })
      if (Option.isSome(found) && found.value.metadata.labels?.[label] === "true") return
      const causes = [Causes.forbidden(field, detail)]
      return yield* new Invalid({ group, resource, namespace, name, kind: request.kind.kind, causes })
    })
    return Admissions.add({ name: "DeviceAdminAccess", order: 446, validate })
  })
)

export const plugin = Plugin.make({ name: "admission/device-admin-access", layer })
