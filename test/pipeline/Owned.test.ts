/** Who owns what is written: the author what was sent with its defaults, and nobody what admission adds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Admissions } from "../../kernel/pipeline/Policy.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { pipeline } from "./Pipeline.ts"

/** As the one that gives Pods their account. */
const accounts = Admissions.add({
  name: "accounts",
  order: 1,
  mutate: ({ kind, object }) =>
    Effect.succeed(
      kind.kind === "Pod" && object !== undefined
        ? { ...object, spec: { ...Object(object["spec"]), serviceAccountName: "default" } }
        : undefined
    )
})

const at = { namespace: "default", name: "a" }
const owned = ({ metadata }: Resource, manager: string) =>
  JSON.stringify((metadata.managedFields ?? []).find((entry) => entry.manager === manager)?.fieldsV1 ?? {})

describe("an author", () => {
  it.layer(Layer.provideMerge(accounts, pipeline))((it) => {
    it.effect("owns what was sent and its defaults, and not what admission adds", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Pod, { metadata: at, spec: { containers: [{ name: "a", image: "b" }] } })
        assert.strictEqual(made.spec.serviceAccountName, "default")
        assert.include(owned(made, "tester"), '"f:restartPolicy":{}')
        assert.notInclude(owned(made, "tester"), "serviceAccountName")
        const labelled = yield* client.patch(
          Pod,
          at,
          "merge",
          { metadata: { labels: { a: "b" } } },
          { fieldManager: "other" }
        )
        assert.strictEqual(owned(labelled, "other"), '{"f:metadata":{"f:labels":{".":{},"f:a":{}}}}')
      })
    )

    it.effect("has no empty lists kept", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Pod, {
          metadata: { ...at, name: "empty", annotations: {} },
          spec: { tolerations: [], nodeSelector: {}, containers: [{ name: "a", image: "b", env: [], securityContext: {} }] }
        })
        assert.notProperty(made.metadata, "annotations")
        assert.doesNotHaveAnyKeys(made.spec, ["tolerations", "nodeSelector"])
        assert.notProperty(made.spec.containers[0], "env")
        // A message without fields says something; a list without items does not.
        assert.deepStrictEqual(made.spec.containers[0]?.securityContext, {})
        assert.notInclude(owned(made, "tester"), "tolerations")
      })
    )
  })
})
