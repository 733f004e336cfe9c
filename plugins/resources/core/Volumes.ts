/** PersistentVolumes and their claims, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { enumerated, inside, namedIfGiven, required, requiredName, when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { age, text, unset, wide } from "../Columns.ts"
import type { PersistentVolume, PersistentVolumeClaim } from "../contracts/core/v1.ts"
import { validateNodeSelector } from "./AffinityValidation.ts"
import { validateClaimSpec, validateModes, validateStorage, volumeModes } from "./ClaimValidation.ts"
import { validateDriver, validateSources } from "./VolumeSources.ts"
import { ofClaim } from "./VolumeWarnings.ts"

const shortModes: { readonly [mode: string]: string } = {
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOnce: "RWO",
  ReadWriteOncePod: "RWOP"
}
const shown = (list: ReadonlyArray<string> | undefined) =>
  ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
    .filter((mode) => list?.includes(mode))
    .map((mode) => shortModes[mode])
    .join(",")

/** Where the bytes are, in the order in which they are looked at. */
const sources = [
  ...["hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs"],
  ...["iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume"],
  ...["azureDisk", "scaleIO", "local", "storageos", "csi"]
]
const sourcesOf = (spec: PersistentVolume["spec"]) =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => sources.includes(name)))

/** As upstream's messages spell them. */
const spelled = new Map([["cephfs", "cephFS"]])

type Secret = NonNullable<NonNullable<PersistentVolume["spec"]["csi"]>["nodePublishSecretRef"]>
const validateSecret = ({ name, namespace }: Secret, field: string): Causes.Causes => [
  ...requiredName(`${field}.name`, name, Names.dns1123Subdomain),
  ...requiredName(`${field}.namespace`, namespace, Names.dns1123Label)
]

const secrets = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef"
] as const

const validateCsi = (csi: NonNullable<PersistentVolume["spec"]["csi"]>, field: string): Causes.Causes => [
  ...validateDriver(csi.driver, `${field}.driver`),
  ...required(`${field}.volumeHandle`, csi.volumeHandle),
  ...secrets.flatMap((name) => inside(csi[name], (secret) => validateSecret(secret, `${field}.${name}`)))
]

/** Only the first of them counts; what is wrong with it is told, and of the others that they are too many. */
const validateSource = (spec: PersistentVolume["spec"]): Causes.Causes => {
  const { csi, local, nodeAffinity } = spec
  const given = sourcesOf(spec)
  const [first, ...others] = sources.filter((name) => name in given)
  return [
    ...when(first === undefined, () => Causes.required("spec", "must specify a volume type")),
    ...sources.flatMap((name) => {
      if (others.includes(name) && name !== "flexVolume")
        return [Causes.forbidden(`spec.${spelled.get(name) ?? name}`, "may not specify more than 1 volume type")]
      return name in given ? validateSources({ [name]: given[name] }, "spec") : []
    }),
    ...(first === "csi" ? inside(csi, (one) => validateCsi(one, "spec.csi")) : []),
    ...when(first === "local" && local !== undefined && nodeAffinity === undefined, () =>
      Causes.required("spec.nodeAffinity", "Local volume requires node affinity")
    )
  ]
}

const validateVolume = ({ spec }: PersistentVolume): Causes.Causes => {
  const { accessModes, capacity, csi, nodeAffinity, persistentVolumeReclaimPolicy, volumeMode } = spec
  const storage = capacity?.["storage"]
  const vac = spec.volumeAttributesClassName
  return [
    ...validateModes(accessModes, "spec.accessModes", ""),
    ...when(capacity === undefined, () => Causes.required("spec.capacity")),
    ...when(storage === undefined || Object.keys(capacity ?? {}).length > 1, () =>
      Causes.notSupported("spec.capacity", capacity ?? null, ["storage"])
    ),
    ...Object.entries(capacity ?? {}).flatMap(([name, amount]) => validateStorage(amount, `spec.capacity[${name}]`)),
    ...enumerated("spec.persistentVolumeReclaimPolicy", persistentVolumeReclaimPolicy, ["Delete", "Recycle", "Retain"]),
    ...inside(nodeAffinity, ({ required: terms }) =>
      terms === undefined
        ? [Causes.required("spec.nodeAffinity.required", "must specify required node constraints")]
        : validateNodeSelector(terms, "spec.nodeAffinity.required")
    ),
    ...validateSource(spec),
    ...when(spec.hostPath?.path === "/" && persistentVolumeReclaimPolicy === "Recycle", () =>
      Causes.forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")
    ),
    ...namedIfGiven("spec.storageClassName", spec.storageClassName, Names.dns1123Subdomain),
    ...enumerated("spec.volumeMode", volumeMode, volumeModes),
    ...when(vac === "", () => Causes.required("spec.volumeAttributesClassName", "an empty string is disallowed")),
    ...namedIfGiven("spec.volumeAttributesClassName", vac, Names.dns1123Subdomain),
    ...when(vac !== undefined && csi === undefined, () =>
      Causes.required("spec.csi", "has to be specified when using volumeAttributesClassName")
    )
  ]
}

const validateVolumeUpdate = ({ spec }: PersistentVolume, { spec: old }: PersistentVolume): Causes.Causes => {
  const { csi, ...others } = spec
  const { controllerExpandSecretRef: _, ...driver } = csi ?? {}
  const isNewSecret = old.csi !== undefined && old.csi.controllerExpandSecretRef === undefined
  const now = { ...sourcesOf(others), ...(csi && { csi: isNewSecret ? driver : csi }) }
  return [
    ...when(!same(now, sourcesOf(old)), () =>
      Causes.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
    ),
    ...when(spec.volumeMode !== old.volumeMode, () => Causes.immutable("volumeMode", spec.volumeMode)),
    ...when(old.nodeAffinity !== undefined && !same(spec.nodeAffinity, old.nodeAffinity), () =>
      Causes.invalid("nodeAffinity", spec.nodeAffinity ?? null, "field is immutable")
    ),
    ...when(old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined, () =>
      Causes.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")
    )
  ]
}

const claimOf = ({ spec: { claimRef } }: PersistentVolume) =>
  claimRef === undefined ? "" : `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}`
const betaClass = "volume.beta.kubernetes.io/storage-class"

export const volume: Strategy<PersistentVolume> = {
  generation: false,
  // It is in its first phase since it is there.
  identified: (volume) => ({
    ...volume,
    status: { phase: "Pending", lastPhaseTransitionTime: volume.metadata.creationTimestamp }
  }),
  validate: validateVolume,
  validateUpdate: (now, old, subresource) => (subresource === "" ? validateVolumeUpdate(now, old) : []),
  columns: [
    text("Capacity", "How much it holds.", ({ spec }) => spec.capacity?.["storage"] ?? ""),
    text("Access Modes", "By whom it can be mounted.", ({ spec }) => shown(spec.accessModes)),
    text("Reclaim Policy", "What becomes of it without a claim.", ({ spec }) => spec.persistentVolumeReclaimPolicy),
    text("Status", "Whether it is in use.", ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? status.phase : "Terminating"
    ),
    text("Claim", "Who uses it.", claimOf),
    text(
      "StorageClass",
      "Of what class it is.",
      ({ metadata, spec }) => metadata.annotations?.[betaClass] ?? spec.storageClassName ?? ""
    ),
    text("VolumeAttributesClass", "Of what attributes it is.", ({ spec }) => spec.volumeAttributesClassName ?? unset),
    text("Reason", "Why it has failed.", ({ status }) => status.reason ?? ""),
    age,
    wide(text("VolumeMode", "Whether it is a file system.", ({ spec }) => spec.volumeMode))
  ]
}

/** Nobody may take from another namespace. */
const ownNamespace = (claim: PersistentVolumeClaim): PersistentVolumeClaim => {
  if (!claim.spec.dataSourceRef?.namespace) return claim
  const { dataSourceRef: _, ...spec } = claim.spec
  return { ...claim, spec }
}

const withSources = (claim: PersistentVolumeClaim): PersistentVolumeClaim => {
  const { dataSource, dataSourceRef } = claim.spec
  if ((dataSource === undefined) === (dataSourceRef === undefined) || dataSourceRef?.namespace) return claim
  // Each of the two fields for it says what the other does.
  const { apiGroup, kind = "", name = "" } = dataSource ?? dataSourceRef ?? {}
  const source = { ...(apiGroup === undefined ? {} : { apiGroup }), kind, name }
  const isKnown = kind === "PersistentVolumeClaim" || (kind === "VolumeSnapshot" && apiGroup === "snapshot.storage.k8s.io")
  // The older of them takes only two kinds.
  if (dataSource !== undefined && !isKnown) {
    const { dataSource: _, ...spec } = claim.spec
    return { ...claim, spec }
  }
  return { ...claim, spec: { ...claim.spec, dataSource: source, dataSourceRef: source } }
}

const claimFixed =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"

/** What may change of a bound claim: how much it asks for, and of what attributes. */
const changeable = ({ resources, volumeAttributesClassName: _, ...spec }: PersistentVolumeClaim["spec"]) => {
  const { storage: _s, ...requests } = resources.requests ?? {}
  return { ...spec, resources: { ...resources, requests } }
}

const validateClaimUpdate = (claim: PersistentVolumeClaim, before: PersistentVolumeClaim): Causes.Causes => {
  const [spec, old] = [claim.spec, before.spec]
  const isBound = claim.status.phase === "Bound"
  const without = (given: typeof spec) => {
    const { volumeName, storageClassName, ...rest } = isBound ? changeable(given) : given
    return {
      ...rest,
      // Who binds a claim that has none yet gives it its volume, and its class.
      volumeName: old.volumeName ? volumeName : undefined,
      storageClassName: old.storageClassName === undefined ? undefined : storageClassName
    }
  }
  const [asked, had] = [spec, old].map(({ resources }) => Quantity.of(resources.requests?.["storage"]))
  const has = Quantity.of(claim.status.capacity?.["storage"])
  const isLess = asked !== undefined && had !== undefined && Quantity.compare(asked, had) < 0
  return [
    ...when(!same(without(spec), without(old)), () => Causes.forbidden("spec", claimFixed)),
    ...when(isBound && isLess && asked !== undefined && Quantity.compare(asked, has) <= 0, () =>
      Causes.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
    )
  ]
}

export const claim: Strategy<PersistentVolumeClaim> = {
  warnings: ofClaim,
  generation: false,
  defaults: withSources,
  prepareCreate: (claim) => ({ ...withSources(ownNamespace(claim)), status: { phase: "Pending" } }),
  validate: ({ spec }) => validateClaimSpec(spec, "spec"),
  validateUpdate: (claim, old, subresource) => (subresource === "status" ? [] : validateClaimUpdate(claim, old)),
  columns: [
    text("Status", "Whether it is bound.", ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? status.phase : "Terminating"
    ),
    text("Volume", "The volume it is bound to.", ({ spec }) => spec.volumeName ?? ""),
    text("Capacity", "How much it holds.", ({ spec, status }) =>
      spec.volumeName ? (status.capacity?.["storage"] ?? "0") : ""
    ),
    text("Access Modes", "By whom it can be mounted.", ({ spec, status }) =>
      spec.volumeName ? shown(status.accessModes) : ""
    ),
    text(
      "StorageClass",
      "Of what class it is.",
      ({ metadata, spec }) => metadata.annotations?.[betaClass] ?? spec.storageClassName ?? ""
    ),
    text("VolumeAttributesClass", "Of what attributes it is.", ({ spec }) => spec.volumeAttributesClassName ?? unset),
    age,
    wide(text("VolumeMode", "Whether it is a file system.", ({ spec }) => spec.volumeMode))
  ]
}
