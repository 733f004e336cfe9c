/** Refuses what a ResourceQuota has no room for, and charges the quota for what it has. */
import { Effect, Layer, Schedule } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import { PersistentVolumeClaim, Pod, ResourceQuota, Service } from "../../resources/contracts/core/v1.ts"
import * as Charge from "./Charge.ts"

const byNamespace = { namespace: ({ metadata: { namespace = "" } }: ResourceQuota) => [namespace] }

/** How often others may charge the same quota first. */
const attempts = 16

/** By a change of these more can be taken than before. */
const growing = new Map([
  [Pod.storage, "resize"],
  [Service.storage, ""],
  [PersistentVolumeClaim.storage, ""]
])

/** What is admitted has been decoded as its kind, hence the cast. */
const asResource = (object: unknown) => object as Resource

/** A write that can take from quotas. */
const writtenBy = ({ attributes: { subresource }, kind, object, old }: Admitted): Charge.Written | undefined => {
  if (object === undefined || !kind.namespaced) return undefined
  if (old === undefined ? subresource !== "" : growing.get(kind.storage) !== subresource) return undefined
  return { kind, object: asResource(object), old: old === undefined ? undefined : asResource(old) }
}

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const quotas = yield* client.cache(ResourceQuota, { indexes: byNamespace })

    const pay = (quota: ResourceQuota) =>
      client.update(ResourceQuota, quota, { subresource: "status" }).pipe(
        // Who takes a quota away takes its limits away.
        Effect.catchTag("NotFound", () => Effect.void)
      )

    const admit = Effect.fnUntraced(function* (request: Admitted, written: Charge.Written) {
      const { attributes, dryRun } = request
      const { group, name, namespace, resource } = attributes
      const paid = new Set<string>()
      let isFirst = true
      const once = Effect.gen(function* () {
        const all = isFirst ? quotas.by("namespace", namespace) : yield* client.list(ResourceQuota, { namespace })
        isFirst = false
        const unpaid = all.filter(({ metadata }) => !paid.has(metadata.uid))
        const [detail] = unpaid.flatMap((quota) => Charge.refusal(quota, written) ?? [])
        if (detail !== undefined) return yield* new Forbidden({ group, resource, namespace, name, detail })
        if (dryRun) return
        for (const quota of unpaid) {
          const after = Charge.charged(quota, written)
          if (after !== undefined) yield* pay(after)
          paid.add(quota.metadata.uid)
        }
      })
      yield* Effect.retry(once, {
        while: ({ _tag }) => _tag === "Conflict",
        times: attempts,
        schedule: Schedule.jittered(Schedule.exponential("5 millis", 1.4))
      })
    })

    const validate = (request: Admitted) => {
      const hasQuotas = quotas.by("namespace", request.attributes.namespace).length > 0
      const written = hasQuotas ? writtenBy(request) : undefined
      return written === undefined ? Effect.void : admit(request, written)
    }
    // Last of all: what another would refuse is not charged.
    return Admissions.add({ name: "ResourceQuota", order: 10_000, validate })
  })
)

export const plugin = Plugin.make({ name: "admission/resource-quota", layer })
