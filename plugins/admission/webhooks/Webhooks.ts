/**
 * Admission by somebody else's server: MutatingAdmissionWebhook and ValidatingAdmissionWebhook. Source: "Dynamic Admission Control"
 * of the Kubernetes documentation.
 */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Admissions, Authorizers } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { ServiceClient } from "../../apiserver/contracts/ServiceClient.ts"
import {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration
} from "../../resources/contracts/admissionregistration/v1.ts"
import { deciding } from "../matching/Expressions.ts"
import * as Selectors from "../matching/Selectors.ts"
import { inOrder } from "./Hooks.ts"
import { mutate } from "./Mutating.ts"
import { validate } from "./Validating.ts"

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const context = yield* Effect.context<Kinds | ServiceClient>()
    const mutating = yield* client.cache(MutatingWebhookConfiguration, { indexes: {} })
    const validating = yield* client.cache(ValidatingWebhookConfiguration, { indexes: {} })
    const world = { namespaces: yield* Selectors.make, decide: deciding(yield* Authorizers) }
    return Layer.mergeAll(
      Admissions.add({
        name: "MutatingAdmissionWebhook",
        order: 9100,
        mutate: (request) => {
          const hooks = inOrder(mutating.all())
          return hooks.length === 0 ? Effect.undefined : Effect.provide(mutate(hooks, world, request), context)
        }
      }),
      Admissions.add({
        name: "ValidatingAdmissionWebhook",
        order: 9300,
        validate: (request) => {
          const hooks = inOrder(validating.all())
          return hooks.length === 0 ? Effect.void : Effect.provide(validate(hooks, world, request), context)
        }
      })
    )
  })
)

export const plugin = Plugin.make({ name: "admission/webhooks", layer })
