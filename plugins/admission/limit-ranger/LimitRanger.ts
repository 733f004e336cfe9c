/** Adds what the LimitRanges of a namespace have for Pods that state nothing, and refuses what they do not allow. */
import { Effect, Layer } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions, atOnce } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { LimitRange, PersistentVolumeClaim, Pod } from "../../resources/contracts/core/v1.ts"
import * as Limits from "./Limits.ts"

const byNamespace = { namespace: ({ metadata: { namespace = "" } }: LimitRange) => [namespace] }

/** Several mistakes are told at once, as upstream tells them. */
const together = (wrong: ReadonlyArray<string>) => (wrong.length === 1 ? `${wrong[0]}` : `[${wrong.join(", ")}]`)

/** What is admitted has been decoded as its kind, hence the casts in this file. */
const wrongWith = ({ attributes, kind, object, old }: Admitted, range: LimitRange): ReadonlyArray<string> => {
  const { subresource } = attributes
  if (kind.storage === Pod.storage && (old === undefined ? subresource === "" : subresource === "resize"))
    return Limits.ofPodWrong(object as unknown as Pod, range)
  if (kind.storage === PersistentVolumeClaim.storage && subresource === "")
    return Limits.ofClaimWrong(object as unknown as PersistentVolumeClaim, range)
  return []
}

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const ranges = yield* client.cache(LimitRange, { indexes: byNamespace })

    const mutate = atOnce(({ attributes, kind, object, old }) => {
      const creates = object !== undefined && old === undefined && attributes.subresource === ""
      if (!creates || kind.storage !== Pod.storage) return undefined
      const before = object as unknown as Pod
      const after = ranges.by("namespace", attributes.namespace).reduce(Limits.complete, before)
      return after === before ? undefined : (after as unknown as WireObject)
    })

    const validate = (request: Admitted) => {
      const { attributes, object } = request
      if (object === undefined) return Effect.void
      const wrong = ranges.by("namespace", attributes.namespace).flatMap((range) => wrongWith(request, range))
      const { group, name, namespace, resource } = attributes
      return wrong.length === 0
        ? Effect.void
        : Effect.fail(new Forbidden({ group, resource, namespace, name, detail: together(wrong) }))
    }
    return Admissions.add({ name: "LimitRanger", order: 150, mutate, validate })
  })
)

export const plugin = Plugin.make({ name: "admission/limit-ranger", layer })
