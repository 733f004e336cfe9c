/** What is told of volumes that are accepted, and may not be what was meant. The words are those of kube-apiserver 1.36. */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { PersistentVolumeClaim, ProjectedVolumeSource, Volume } from "../contracts/core/v1.ts"

type Warnings = ReadonlyArray<string>

const gone: ReadonlyArray<readonly [source: keyof Volume, shown: string, since: string]> = [
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"]
]

const bytes = new Set(["memory", "ephemeral-storage", "storage"])

/** Nobody has a part of a byte. */
export const fractions = (amounts: { readonly [name: string]: string } | undefined, field: string): Warnings =>
  Object.entries(amounts ?? {}).flatMap(([name, amount]) =>
    bytes.has(name) && Quantity.of(amount).nanos % 1_000_000_000n !== 0n
      ? [`${field}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`]
      : []
  )

interface Laid {
  readonly path: string
  /** Where it comes from, as a projected volume tells its sources apart. */
  readonly from: string
}
const covers = (one: string, other: string) => one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`)

/** Each file against those before it. */
const overlapping = (volume: string, files: ReadonlyArray<Laid>): Warnings => {
  const named = ({ from, path }: Laid) => JSON.stringify(path) + from
  return files.flatMap((file, index) =>
    files
      .slice(0, index)
      .filter(({ path }) => covers(file.path, path))
      .map((other) => `volume ${volume}: overlapping paths: ${named(file)} with ${named(other)}`)
  )
}

type Items = ReadonlyArray<{ readonly path: string }> | undefined
const laid = (items: Items, from = ""): ReadonlyArray<Laid> => (items ?? []).map(({ path }) => ({ path, from }))

const ofProjected = ({ sources = [] }: ProjectedVolumeSource): ReadonlyArray<Laid> =>
  sources.flatMap(({ configMap, downwardAPI, secret, serviceAccountToken }) => [
    ...laid(configMap?.items, ` (ConfigMap ${JSON.stringify(configMap?.name ?? "")})`),
    ...laid(secret?.items, ` (Secret ${JSON.stringify(secret?.name ?? "")})`),
    ...laid(downwardAPI?.items, " (DownwardAPI)"),
    ...(serviceAccountToken === undefined ? [] : [{ path: serviceAccountToken.path, from: " (ServiceAccountToken)" }])
  ])

const betaClass = "volume.beta.kubernetes.io/storage-class"

export const ofClaim = ({ metadata: { annotations = {} }, spec }: PersistentVolumeClaim): Warnings => [
  ...(betaClass in annotations
    ? [`metadata.annotations[${betaClass}]: deprecated since v1.8; use "storageClassName" attribute instead`]
    : []),
  ...fractions(spec.resources.requests, "spec.resources.requests")
]

export const ofVolume = (volume: Volume, field: string): Warnings => {
  const { configMap, downwardAPI, ephemeral, name, projected, secret } = volume
  const quoted = JSON.stringify(name)
  return [
    ...gone.flatMap(([source, shown, since]) => (volume[source] === undefined ? [] : [`${field}.${shown}: ${since}`])),
    ...fractions(
      ephemeral?.volumeClaimTemplate?.spec.resources.requests,
      `${field}.ephemeral.volumeClaimTemplate.spec.resources.requests`
    ),
    ...overlapping(`${quoted} (ConfigMap ${JSON.stringify(configMap?.name ?? "")})`, laid(configMap?.items)),
    ...overlapping(`${quoted} (Secret ${JSON.stringify(secret?.secretName ?? "")})`, laid(secret?.items)),
    ...overlapping(`${quoted} (DownwardAPI)`, laid(downwardAPI?.items)),
    ...(projected === undefined ? [] : overlapping(`${quoted} (Projected)`, ofProjected(projected)))
  ]
}
