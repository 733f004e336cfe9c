/** What the level "restricted" asks for besides: what is known to harden a Pod. Source: "Pod Security Standards". */
import type { Volume } from "../../resources/contracts/core/v1.ts"
import { adding, isSeccompType, seccompProfile as forbiddenSeccomp } from "./Baseline.ts"
import {
  type Check,
  type Contained,
  containersOf,
  isRemapped,
  isWindows,
  named,
  plural,
  quoted,
  setters,
  sorted
} from "./Words.ts"

export const unlessWindows =
  (check: Check): Check =>
  (pod) =>
    isWindows(pod) ? undefined : check(pod)
export const unlessRemapped =
  (check: Check): Check =>
  (pod) =>
    isRemapped(pod) ? undefined : check(pod)

export const allowPrivilegeEscalation: Check = (pod) => {
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
  return bad.length === 0
    ? undefined
    : {
        reason: "allowPrivilegeEscalation != false",
        detail: `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`
      }
}

const bindable = new Set(["NET_BIND_SERVICE"])

export const droppedCapabilities: Check = (pod) => {
  const containers = containersOf(pod)
  const keeping = containers.filter(({ securityContext }) => securityContext?.capabilities?.drop?.includes("ALL") !== true)
  const added = adding(containers, bindable)
  const details = [
    ...(keeping.length > 0 ? [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(added === undefined ? [] : [added])
  ]
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") }
}

const volumeTypes: ReadonlyArray<keyof Volume> = [
  ...(["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"] as const),
  ...(["persistentVolumeClaim", "projected", "secret"] as const)
]
const otherTypes: ReadonlyArray<keyof Volume> = [
  ...(["hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd"] as const),
  ...(["flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte"] as const),
  ...(["azureDisk", "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos"] as const)
]
const typeOf = (volume: Volume): string => otherTypes.find((type) => volume[type] !== undefined) ?? "unknown"

export const restrictedVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => volumeTypes.every((type) => volume[type] === undefined))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(typeOf))
  const uses = `${plural(bad.length, "uses", "use")} ${plural(types.length, "restricted volume type")}`
  const volumes = `${plural(bad.length, "volume")} ${quoted(bad.map(({ name }) => name))}`
  return { reason: "restricted volume types", detail: `${volumes} ${uses} ${quoted(types)}` }
}

/** Containers that say nothing themselves, in a Pod that does not say it for them. */
const silent = (
  pod: Parameters<Check>[0],
  isSaid: (context: NonNullable<Contained["securityContext"]>) => boolean,
  isSaidByPod: boolean
) =>
  isSaidByPod
    ? []
    : containersOf(pod).filter(({ securityContext }) => securityContext === undefined || !isSaid(securityContext))

export const runAsNonRoot: Check = (pod) => {
  const reason = "runAsNonRoot != true"
  const who = setters(pod, ({ runAsNonRoot }) => runAsNonRoot === false)
  if (who !== "") return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
  const bad = silent(pod, ({ runAsNonRoot }) => runAsNonRoot !== undefined, pod.spec.securityContext?.runAsNonRoot === true)
  if (bad.length === 0) return undefined
  return { reason, detail: `pod or ${named(bad)} must set securityContext.runAsNonRoot=true` }
}

export const runAsUser: Check = (pod) => {
  const who = setters(pod, ({ runAsUser }) => runAsUser === 0)
  return who === "" ? undefined : { reason: "runAsUser=0", detail: `${who} must not set runAsUser=0` }
}

export const seccompProfile: Check = (pod) => {
  const forbidden = forbiddenSeccomp(pod)
  if (forbidden !== undefined) return forbidden
  const type = pod.spec.securityContext?.seccompProfile?.type
  const bad = silent(pod, ({ seccompProfile }) => seccompProfile !== undefined, type !== undefined && isSeccompType(type))
  if (bad.length === 0) return undefined
  const detail = `pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`
  return { reason: "seccompProfile", detail }
}
