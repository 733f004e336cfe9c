/** Claims to devices that others use, in namespaces that are marked for it and in others. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Admissions } from "../../kernel/pipeline/Policy.ts"
import * as DeviceAdminAccess from "../../plugins/admission/device-admin-access/DeviceAdminAccess.ts"
import { Namespace } from "../../plugins/resources/contracts/core/v1.ts"
import { ResourceClaim, ResourceClaimTemplate } from "../../plugins/resources/contracts/resource/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { admitted } from "./Admitted.ts"

type Kind = typeof ResourceClaim | typeof ResourceClaimTemplate
const ask = Effect.fnUntraced(function* (
  kind: Kind,
  namespace: string,
  objects: { readonly object: WireObject; readonly old?: WireObject },
  subresource = ""
) {
  const verb = objects.old === undefined ? "create" : "update"
  const about = { group: "resource.k8s.io", version: "v1", resource: kind.plural, subresource, namespace, name: "c" }
  const attributes = { user: { name: "jane", groups: [] }, verb, ...about }
  for (const { validate } of (yield* Admissions).all()) yield* validate?.(admitted(attributes, kind, objects)) ?? Effect.void
})

const objects = new MemoryClient.Objects()
objects.put(Namespace, { metadata: { name: "admin", labels: { "resource.kubernetes.io/admin-access": "true" } } })
objects.put(Namespace, { metadata: { name: "other" } })
const layer = DeviceAdminAccess.layer.pipe(Layer.provideMerge(Admissions.layer), Layer.provide(MemoryClient.layer(objects)))

const metadata = { name: "c" }
const wanting = (adminAccess: boolean) => ({
  devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu", adminAccess } }] }
})
const given = (adminAccess: boolean) => ({
  allocation: { devices: { results: [{ request: "r", driver: "d", pool: "p", device: "x", adminAccess }] } }
})
const why =
  "admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace"

describe("access to devices that others use", () => {
  it.effect("is asked for and given in namespaces that are marked for it", () =>
    Effect.gen(function* () {
      const claim = { metadata, spec: wanting(true), status: {} }
      const template = { metadata, spec: { spec: wanting(true) } }
      const allocated = { ...claim, status: given(true) }
      yield* ask(ResourceClaim, "admin", { object: claim })
      yield* ask(ResourceClaimTemplate, "admin", { object: template })
      yield* ask(ResourceClaim, "admin", { object: allocated, old: claim }, "status")
      yield* ask(ResourceClaim, "other", { object: { ...claim, spec: wanting(false) } })
      const refused = yield* Effect.all([
        Effect.flip(ask(ResourceClaim, "other", { object: claim })),
        Effect.flip(ask(ResourceClaimTemplate, "other", { object: template })),
        Effect.flip(ask(ResourceClaim, "other", { object: allocated, old: claim }, "status"))
      ])
      assert.deepStrictEqual(
        refused.map(({ message }) => message),
        [
          `ResourceClaim.resource.k8s.io "c" is invalid: spec.devices.requests[0].adminAccess: Forbidden: ${why}`,
          `ResourceClaimTemplate.resource.k8s.io "c" is invalid: spec.devices.requests[0].adminAccess: Forbidden: ${why}`,
          `ResourceClaim.resource.k8s.io "c" is invalid: status.allocation.devices.results[0].adminAccess: Forbidden: ${why}`
        ]
      )
      // Who has it keeps it.
      yield* ask(ResourceClaim, "other", { object: allocated, old: allocated }, "status")
    }).pipe(Effect.provide(layer))
  )
})
