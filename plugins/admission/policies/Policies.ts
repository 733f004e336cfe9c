/**
 * Admission by expressions that users wrote: MutatingAdmissionPolicy and ValidatingAdmissionPolicy. Source: "Validating Admission
 * Policy" and "Mutating Admission Policy" of the Kubernetes documentation.
 */
import { Effect, Layer } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Admissions, Authorizers } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding
} from "../../resources/contracts/admissionregistration/v1.ts"
import { deciding } from "../matching/Expressions.ts"
import * as Selectors from "../matching/Selectors.ts"
import { mutate } from "./Mutating.ts"
import { validate } from "./Validating.ts"

const byName = <A extends Resource>(objects: Iterable<A>): ReadonlyArray<A> =>
  [...objects].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const context = yield* Effect.context<Kinds | Client>()
    const decide = deciding(yield* Authorizers)
    const namespaces = yield* Selectors.make
    const mutating = yield* client.cache(MutatingAdmissionPolicy, { indexes: {} })
    const validating = yield* client.cache(ValidatingAdmissionPolicy, { indexes: {} })
    const ofMutating = yield* client.cache(MutatingAdmissionPolicyBinding, {
      indexes: { policy: ({ spec }) => [spec?.policyName ?? ""] }
    })
    const ofValidating = yield* client.cache(ValidatingAdmissionPolicyBinding, {
      indexes: { policy: ({ spec }) => [spec.policyName] }
    })
    return Layer.mergeAll(
      Admissions.add({
        name: "MutatingAdmissionPolicy",
        order: 9000,
        mutate: (request) => {
          const policies = byName(mutating.all())
          if (policies.length === 0) return Effect.undefined
          const bindings = (policy: string) => byName(ofMutating.by("policy", policy))
          return Effect.provide(mutate({ policies, bindings, namespaces, decide }, request), context)
        }
      }),
      Admissions.add({
        name: "ValidatingAdmissionPolicy",
        order: 9200,
        validate: (request) => {
          const policies = byName(validating.all())
          if (policies.length === 0) return Effect.void
          const bindings = (policy: string) => byName(ofValidating.by("policy", policy))
          return Effect.provide(validate({ policies, bindings, namespaces, decide }, request), context)
        }
      })
    )
  })
)

export const plugin = Plugin.make({ name: "admission/policies", layer })
