/** The templates that a DaemonSet or StatefulSet has had, as ControllerRevisions: what `kubectl rollout history` and `undo` read. */
import { Effect, type Schema } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { ControllerRevision } from "../../resources/contracts/apps/v1.ts"
import type { PodTemplateSpec } from "../../resources/contracts/core/v1.ts"
import * as Hash from "./Hash.ts"
import * as Owned from "./Owned.ts"

export const hashLabel = "controller-revision-hash"

/**
 * What `undo` patches the owner with. Whoever looks for the revision of a template compares the bytes of it with its own, in which all
 * keys are in order. A template is JSON by its type, hence the cast.
 */
export const dataOf = (template: PodTemplateSpec): Schema.Json =>
  JSON.parse(Hash.canonical({ spec: { template: { ...template, $patch: "replace" } } } as unknown as Schema.Json))

/** The revision of now: the last one with these data. */
export const matching = (revisions: ReadonlyArray<ControllerRevision>, data: Schema.Json) =>
  revisions.toSorted((a, b) => b.revision - a.revision).find((one) => same(one.data, data))

export const highest = (revisions: ReadonlyArray<ControllerRevision>) =>
  Math.max(0, ...revisions.map(({ revision }) => revision))

/** Those beyond the limit that no Pod has, oldest first. */
export const outdated = (revisions: ReadonlyArray<ControllerRevision>, inUse: ReadonlySet<string>, limit: number) => {
  const unused = revisions
    .filter(({ metadata }) => !inUse.has(metadata.labels?.[hashLabel] ?? ""))
    .toSorted((a, b) => a.revision - b.revision)
  return unused.slice(0, Math.max(0, unused.length - limit))
}

/** Finds or makes the revision of now, with the highest number. */
export const current = Effect.fnUntraced(function* <O extends Kind.Resource, D extends Kind.ResourceDraft>(
  client: Client["Service"],
  by: {
    readonly kind: Kind.Kind<O, D>
    readonly owner: O
    readonly selects: Owned.Selects
    readonly template: PodTemplateSpec
    readonly collisions: number
  },
  cached: ReadonlyArray<ControllerRevision>
) {
  const { collisions, kind, owner, template } = by
  const all = yield* Owned.claimAll(client, by, ControllerRevision, cached)
  const data = dataOf(template)
  const found = matching(all, data)
  const top = highest(all)
  if (found !== undefined) {
    if (found.revision === top) return { revision: found, all }
    const raised = yield* client.update(ControllerRevision, { ...found, revision: top + 1 })
    return { revision: raised, all: all.map((one) => (one === found ? raised : one)) }
  }
  const hash = Hash.of(data, collisions)
  const made = yield* client.create(ControllerRevision, {
    metadata: {
      name: `${owner.metadata.name}-${hash}`,
      namespace: owner.metadata.namespace ?? "",
      labels: { ...template.metadata.labels, [hashLabel]: hash },
      ownerReferences: [Kind.controllerReference(kind, owner)]
    },
    data,
    revision: top + 1
  })
  return { revision: made, all: [...all, made] }
})

export const hashOf = ({ metadata }: { readonly metadata: Kind.Resource["metadata"] }) => metadata.labels?.[hashLabel] ?? ""
