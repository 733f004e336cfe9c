/**
 * What of a Pod belongs to features that are off, as upstream has them by default: writers own it, and it is dropped. Of Pods, and of
 * the templates of them, wherever a kind has its own.
 */
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { Container, PodSpec, VolumeProjection } from "../contracts/core/v1.ts"

const template = ["spec", "template", "spec"]
/** Where the kinds have their PodSpecs, by storage. */
const places: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["pods", ["spec"]],
  ["podtemplates", ["template", "spec"]],
  ["replicationcontrollers", template],
  ["daemonsets.apps", template],
  ["deployments.apps", template],
  ["replicasets.apps", template],
  ["statefulsets.apps", template],
  ["jobs.batch", template],
  ["cronjobs.batch", ["spec", "jobTemplate", ...template]]
])

const isOff = ({ clusterTrustBundle, podCertificate }: VolumeProjection) =>
  clusterTrustBundle !== undefined || podCertificate !== undefined

const withoutSignal = (container: Container): Container => {
  if (container.lifecycle?.stopSignal === undefined) return container
  const { lifecycle, ...rest } = container
  const { stopSignal: _, ...hooks } = lifecycle ?? {}
  return Object.keys(hooks).length === 0 ? rest : { ...rest, lifecycle: hooks }
}

const hasSignal = ({ lifecycle }: Container) => lifecycle?.stopSignal !== undefined

/** The same object if there is nothing of it. */
const without = (spec: PodSpec): PodSpec => {
  const { containers, initContainers, volumes } = spec
  const hasProjections = volumes?.some(({ projected }) => projected?.sources?.some(isOff)) === true
  const hasSignals = containers.some(hasSignal) || initContainers?.some(hasSignal) === true
  if (spec.schedulingGroup === undefined && !hasSignals && !hasProjections) return spec
  const { schedulingGroup: _, ...rest } = spec
  const projected = volumes?.map((volume) => {
    const sources = volume.projected?.sources?.map((source) => (isOff(source) ? {} : source))
    return volume.projected && sources ? { ...volume, projected: { ...volume.projected, sources } } : volume
  })
  return {
    ...rest,
    containers: containers.map(withoutSignal),
    ...(initContainers && { initContainers: initContainers.map(withoutSignal) }),
    ...(projected && { volumes: projected })
  }
}

type Fields = { readonly [name: string]: unknown }

const changed = (object: Fields, [name = "", ...rest]: ReadonlyArray<string>): Fields => {
  const inside = object[name]
  if (typeof inside !== "object" || inside === null) return object
  // At the end of its path lies a PodSpec, which has been decoded; hence the cast.
  const next = rest.length === 0 ? without(inside as PodSpec) : changed(inside as Fields, rest)
  return next === inside ? object : { ...object, [name]: next }
}

/** Of a kind without Pods: nothing. */
export const dropping = <A extends Resource>(storage: string): ((object: A) => A) | undefined => {
  const place = places.get(storage)
  // The kind is what it was, hence the casts.
  return place && ((object) => changed(object as unknown as Fields, place) as unknown as A)
}
