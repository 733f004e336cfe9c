/**
 * Says in a CustomResourceDefinition that its objects are being migrated; when they have been, and it has not changed in between, only its
 * storage version is stored.
 */
import { Clock, Effect, Option } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { CustomResourceDefinition } from "../../resources/contracts/apiextensions/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import type { StorageVersionMigration } from "../../resources/contracts/storagemigration/v1beta1.ts"
import * as Progress from "./Progress.ts"

const type = "StorageMigrating"

const find = Effect.fnUntraced(function* (one: StorageVersionMigration) {
  const { name: resource, namespace: group } = Progress.keyOf(one)
  const client = yield* Client
  return Option.getOrUndefined(yield* client.find(CustomResourceDefinition, { namespace: "", name: `${resource}.${group}` }))
})

/** If somebody has changed the definition since it was read, that is a conflict, and it is looked at again. */
const say = Effect.fnUntraced(function* (
  { metadata }: CustomResourceDefinition,
  condition: { readonly status: string; readonly reason: string; readonly message: string },
  storedVersions?: ReadonlyArray<string>
) {
  const client = yield* Client
  const lastTransitionTime = time(yield* Clock.currentTimeMillis)
  const observed = metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }
  const body = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: metadata.name, resourceVersion: metadata.resourceVersion },
    status: {
      conditions: [{ type, ...condition, lastTransitionTime, ...observed }],
      ...(storedVersions !== undefined && { storedVersions })
    }
  }
  const key = { namespace: "", name: metadata.name }
  const options = { subresource: "status", fieldManager: "migration-runner-controller" }
  yield* client.patch(CustomResourceDefinition, key, "apply", body, options)
})

export const begin = Effect.fnUntraced(function* (one: StorageVersionMigration) {
  const crd = yield* find(one)
  if (crd === undefined) return
  const message = `Migration ${one.metadata.name} is running`
  yield* say(crd, { status: "True", reason: "MigrationRunning", message })
})

export const end = Effect.fnUntraced(function* (one: StorageVersionMigration) {
  const crd = yield* find(one)
  if (crd === undefined) return
  const before = crd.status?.conditions?.find((condition) => condition.type === type)
  const isSame = before !== undefined && before.observedGeneration === crd.metadata.generation
  const stored = isSame ? crd.spec.versions.filter(({ storage }) => storage).map(({ name }) => name) : undefined
  const told = isSame
    ? "and the stored versions have been updated"
    : "but the stored versions have not been updated due to a generation mismatch"
  yield* Progress.is(one, "Succeeded")
    ? say(crd, { status: "False", reason: "MigrationSucceeded", message: `The migration has succeeded ${told}` }, stored)
    : say(crd, { status: "False", reason: "MigrationFailed", message: "The migration has failed" })
})
