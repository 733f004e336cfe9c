/**
 * The ReplicaSets of a Deployment as its revisions: which one has the template of now, what number it has, and what
 * `kubectl rollout history` and `undo` read from its annotations.
 */
import { BigInt as BigIntOf, type Schema } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { controllerReference } from "../../../kernel/resource/Kind.ts"
import type { ObjectMetaDraft } from "../../../kernel/resource/Metadata.ts"
import { Deployment, type ReplicaSet, type ReplicaSetDraft } from "../../resources/contracts/apps/v1.ts"
import type { PodTemplateSpec } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import * as Hash from "../contracts/Hash.ts"

export const hashLabel = "pod-template-hash"
export const revisionAnnotation = "deployment.kubernetes.io/revision"
const historyAnnotation = "deployment.kubernetes.io/revision-history"
export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas"
export const maxAnnotation = "deployment.kubernetes.io/max-replicas"

type Annotations = { readonly [key: string]: string }

/** What a Deployment's own annotations are never copied to its revisions. */
const notCopied = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  "deprecated.deployment.rollback.to"
])

const present = <A>(map: { readonly [key: string]: A } | undefined, but?: string) =>
  Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => key !== but))

const comparable = ({ metadata, spec }: PodTemplateSpec) => ({
  spec,
  metadata: {
    labels: present(metadata.labels, hashLabel),
    annotations: present(metadata.annotations),
    finalizers: metadata.finalizers ?? []
  }
})

export const isSameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec) => same(comparable(a), comparable(b))

/** A template is JSON by its type, hence the cast. */
export const hashOf = (template: PodTemplateSpec, collisions = 0): string =>
  Hash.of(comparable(template) as unknown as Schema.Json, collisions)

export const oldestFirst = (a: ReplicaSet, b: ReplicaSet) =>
  millisOf(a.metadata.creationTimestamp) - millisOf(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)

/** The revision with the template of now. Were there several, the oldest. */
export const current = ({ spec }: Deployment, sets: ReadonlyArray<ReplicaSet>) =>
  sets
    .toSorted(oldestFirst)
    .find((set) => set.spec.template !== undefined && isSameTemplate(set.spec.template, spec.template))

/** Numbers of revisions are 64 bits wide: other tools continue histories of their own in them. */
const parsed = (text = "") => (/^\d{1,19}$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n)

export const numberOf = ({ metadata: { annotations = {} } }: { readonly metadata: ObjectMetaDraft }) =>
  parsed(annotations[revisionAnnotation])

export const next = (olds: ReadonlyArray<ReplicaSet>) => 1n + olds.map(numberOf).reduce(BigIntOf.max, 0n)

const copied = ({ metadata }: Deployment): Annotations =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key)))

/** The annotations of the revision of now: the Deployment's, its number, and the numbers it had before. */
export const annotationsOf = (deployment: Deployment, before: Annotations, revision: bigint): Annotations => {
  const old = parsed(before[revisionAnnotation])
  const history = before[historyAnnotation]
  return {
    ...before,
    ...copied(deployment),
    ...(old < revision && {
      [revisionAnnotation]: `${revision}`,
      ...(old > 0n && { [historyAnnotation]: history === undefined ? `${old}` : `${history},${old}` })
    })
  }
}

/** How many Pods were wanted when a set was last scaled: what proportions are reckoned from. */
export const sizes = (desired: number, max: number): Annotations => ({
  [desiredAnnotation]: `${desired}`,
  [maxAnnotation]: `${max}`
})

export const sizeOf = ({ metadata: { annotations = {} } }: ReplicaSet, annotation: string) => {
  const text = annotations[annotation]
  const size = Number(text)
  return text === undefined || !Number.isSafeInteger(size) ? undefined : size
}

export const draft = (deployment: Deployment, replicas: number, annotations: Annotations): ReplicaSetDraft => {
  const { metadata, spec, status } = deployment
  const hash = hashOf(spec.template, status.collisionCount)
  const labels = { ...spec.template.metadata.labels, [hashLabel]: hash }
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? "",
      labels,
      annotations,
      ownerReferences: [controllerReference(Deployment, deployment)]
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } }
    }
  }
}
