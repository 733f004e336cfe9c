/** Each kind with something more, less, or wrong; nothing is kept of it, but what a right one came to is seen. */
import { type Resource, collectionOf, idOf } from "../Description.ts"
import { mutated } from "../Mutations.ts"
import type { Make } from "../Plan.ts"
import * as Samples from "../Samples.ts"
import { on, step } from "../Scenario.ts"

const tries = 4

const of =
  (resource: Resource): Make =>
  ({ name, namespace, random }) => {
    const sample = Samples.of(resource, name, namespace) ?? {}
    const collection = on(collectionOf(resource, namespace))
    const steps = Array.from({ length: tries }, () => {
      const first = mutated(random, resource, sample)
      const more = random.chance(0.2) ? mutated(random, resource, first.object) : undefined
      const object = more?.object ?? first.object
      const fieldValidation = random.pick(["Strict", "Strict", "Warn", "Ignore", undefined])
      const words = more === undefined ? first.name : `${first.name}, ${more.name}`
      return step(words, collection.post(object, { dryRun: "All", fieldValidation, fieldManager: "m" }))
    })
    return { name: `mistakes/${idOf(resource)}`, about: resource.kind, namespace, steps }
  }

export const all = (resources: ReadonlyArray<Resource>): ReadonlyArray<Make> =>
  resources
    .filter((resource) => resource.actions.has("post") && resource.actions.has("get"))
    .filter((resource) => Samples.of(resource, "x", "x") !== undefined)
    .map(of)
