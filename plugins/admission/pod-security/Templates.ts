/** Where the kinds that make Pods keep what these will be, and which changes of a Pod matter. */
import type { Schema } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { CronJob, Job } from "../../resources/contracts/batch/v1.ts"
import { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "../../resources/contracts/apps/v1.ts"
import { type Pod, PodTemplate, ReplicationController } from "../../resources/contracts/core/v1.ts"
import type { PodLike } from "./Words.ts"

const inSpec = ["spec", "template"]
const paths = new Map<string, ReadonlyArray<string>>([
  [PodTemplate.storage, ["template"]],
  [CronJob.storage, ["spec", "jobTemplate", "spec", "template"]],
  ...[ReplicationController, ReplicaSet, Deployment, StatefulSet, DaemonSet, Job].map(
    ({ storage }) => [storage, inSpec] as const
  )
])

/** Decoded with its kind, hence the cast. */
export const templateOf = (storage: string, object: WireObject): PodLike | undefined => {
  const found = paths
    .get(storage)
    ?.reduce<Schema.Json | undefined>((value, step) => Object(value)[step], object) as unknown as PodLike | undefined
  return found?.spec === undefined ? undefined : found
}

interface Imaged {
  readonly name: string
  readonly image?: string
}
const sameImages = (all: ReadonlyArray<Imaged> = [], before: ReadonlyArray<Imaged> = []) =>
  all.length === before.length && all.every(({ image }, index) => image === before[index]?.image)

/** Another image, or another container. The rest of what may change does not matter here. */
export const isSignificant = ({ spec }: Pod, { spec: before }: Pod): boolean =>
  !sameImages(spec.containers, before.containers) ||
  !sameImages(spec.initContainers, before.initContainers) ||
  (spec.ephemeralContainers ?? []).some(
    ({ image, name }) => before.ephemeralContainers?.find((one) => one.name === name)?.image !== image
  )
