/** Each kind in each version: made, read, changed in every way, and taken away. */
import { type Resource, apiVersionOf, collectionOf, idOf } from "../Description.ts"
import { fields, type JsonObject, set } from "../Json.ts"
import { mutated } from "../Mutations.ts"
import type { Make } from "../Plan.ts"
import * as Samples from "../Samples.ts"
import { on, type Step, step } from "../Scenario.ts"

const isReview = ({ actions }: Resource) => !actions.has("get")

const labelled = (value: string) => ({ metadata: { labels: { changed: value } } })

const steps = (resource: Resource, sample: JsonObject, name: string, namespace: string, changed: JsonObject) => {
  const collection = on(collectionOf(resource, namespace))
  const path = `${collectionOf(resource, namespace)}/${Samples.nameOf(resource, name)}`
  const one = on(path)
  const status = on(`${path}/status`)
  const [apiVersion, kind] = [apiVersionOf(resource), resource.kind]
  const annotate = (value: string) => set(sample, ["metadata", "annotations", "changed"], value)
  const applied = {
    apiVersion,
    kind,
    metadata: { name: Samples.nameOf(resource, name), labels: { applied: "1" }, annotations: { applied: "1" } }
  }
  const hasStatus = resource.parts.has("status")
  const all: ReadonlyArray<Step | undefined> = [
    step("dry run", collection.post(sample, { dryRun: "All", fieldManager: "dry" })),
    step("create", collection.post(sample, { fieldManager: "maker", fieldValidation: "Strict" })),
    step("create again", collection.post(sample)),
    step("get", one.get()),
    step("list", collection.get({ labelSelector: "app=a" })),
    step("merge", one.patch("merge", labelled("merge"), { fieldManager: "merger" })),
    step("merge nothing", one.patch("merge", labelled("merge"), { fieldManager: "merger" })),
    step("strategic", one.patch("strategic", labelled("strategic"), { fieldManager: "strategist" })),
    step("json", one.patch("json", [{ op: "add", path: "/metadata/labels/json", value: "1" }])),
    step("apply", one.patch("apply", applied, { fieldManager: "applier" })),
    step(
      "apply a part",
      one.patch("apply", { ...applied, metadata: { labels: { applied: "1" } } }, { fieldManager: "applier" })
    ),
    step("read", one.get()),
    step("update", (past) =>
      one.put(fields(set(annotate("update"), ["metadata", "resourceVersion"], past.version("read"))), {
        fieldManager: "updater"
      })
    ),
    step("update again", (past) =>
      one.put(fields(set(annotate("stale"), ["metadata", "resourceVersion"], past.version("create"))))
    ),
    step("update without a version", one.put(fields(annotate("blind")))),
    step("update all", one.put(changed, { fieldValidation: "Strict" })),
    hasStatus ? step("status", status.get()) : undefined,
    hasStatus ? step("status merge", status.patch("merge", { status: {}, ...labelled("status") })) : undefined,
    hasStatus ? step("status update", (past) => status.put(fields(past.body("status")), { fieldManager: "s" })) : undefined,
    resource.actions.has("patch") ? undefined : step("no patch", one.patch("merge", {})),
    step("delete dry", one.delete({ dryRun: ["All"] })),
    step("delete", one.delete()),
    step("gone", one.get()),
    step("delete again", one.delete()),
    step("clear", collection.delete(undefined, { labelSelector: "app=nothing" }))
  ]
  return all.filter((one) => one !== undefined)
}

const of =
  (resource: Resource): Make =>
  ({ name, namespace, random }) => {
    const sample = Samples.of(resource, name, namespace) ?? {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: { name }
    }
    const about = { name: `lifecycle/${idOf(resource)}`, about: resource.kind, namespace }
    if (isReview(resource)) {
      const collection = on(collectionOf(resource, namespace))
      const withoutName = fields(set(sample, ["metadata", "name"], undefined))
      const labels = step("create", collection.post(fields(set(withoutName, ["metadata"], {}))))
      return { ...about, steps: [labels, step("empty", collection.post({})), step("get", collection.get())] }
    }
    const changed = mutated(random, resource, sample)
    return { ...about, steps: steps(resource, sample, name, namespace, changed.object) }
  }

export const all = (resources: ReadonlyArray<Resource>): ReadonlyArray<Make> =>
  resources.filter(({ actions }) => actions.has("post")).map(of)
