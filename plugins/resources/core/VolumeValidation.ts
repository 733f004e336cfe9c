/** What is wrong with the volumes of a Pod. Source: API reference of Kubernetes, Volume. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { duplicates, each, inside, oneOf, required, requiredName, when } from "../../../kernel/resource/Rules.ts"
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection
} from "../contracts/core/v1.ts"
import { validateClaimSpec } from "./ClaimValidation.ts"
import { validateFieldRef, validateResourceRef } from "./DownwardValidation.ts"
import { validateDescending } from "./SecurityValidation.ts"
import { validateDriver, validateSources } from "./VolumeSources.ts"

/** `pod`: the name of the Pod, if it has one: claims are made for it. `account`: whether it has a service account. */
export interface Owner {
  readonly pod: string | undefined
  readonly account: boolean
}

/** The volumes that can be mounted, and what is wrong with the others. */
export const validateVolumes = (volumes: ReadonlyArray<Volume>, field: string, owner: Owner): Causes.Causes => {
  const made = new Set(volumes.flatMap(({ ephemeral, name }) => (ephemeral && owner.pod ? [`${owner.pod}-${name}`] : [])))
  return [
    ...each(volumes, field, (volume, at) => validateVolume(volume, at, owner)),
    ...duplicates(
      volumes.map(({ name }) => name),
      (index) => `${field}[${index}].name`
    ),
    ...each(volumes, field, ({ persistentVolumeClaim: claim }, at) =>
      when(claim !== undefined && made.has(claim.claimName), () =>
        Causes.invalid(
          `${at}.persistentVolumeClaim.claimName`,
          claim?.claimName,
          "must not reference a PVC that gets created for an ephemeral volume"
        )
      )
    )
  ]
}

/** Also what a container may mount: a volume that is wrong cannot be found. */
export const validateVolume = (volume: Volume, field: string, owner: Owner): Causes.Causes => {
  const { name, ...sources } = volume
  const [first, second] = Object.keys(sources)
  return [
    ...when(first === undefined, () => Causes.required(field, "must specify a volume type")),
    ...when(second !== undefined, () => Causes.forbidden(`${field}.${second}`, "may not specify more than 1 volume type")),
    ...validateSources(sources, field),
    ...validateFiles(volume, field, owner),
    ...requiredName(`${field}.name`, name, Names.dns1123Label)
  ]
}

const validateFiles = (volume: Volume, field: string, owner: Owner): Causes.Causes => {
  const { configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret } = volume
  return [
    ...inside(emptyDir?.sizeLimit, (limit) =>
      when(limit.startsWith("-"), () =>
        Causes.forbidden(`${field}.emptyDir.sizeLimit`, "SizeLimit field must be a valid resource quantity")
      )
    ),
    ...(secret ? required(`${field}.secret.secretName`, secret.secretName) : []),
    ...validateItems(secret?.items, `${field}.secret.items`),
    ...validateMode(secret?.defaultMode, `${field}.secret.defaultMode`),
    ...(configMap ? required(`${field}.configMap.name`, configMap.name) : []),
    ...validateItems(configMap?.items, `${field}.configMap.items`),
    ...validateMode(configMap?.defaultMode, `${field}.configMap.defaultMode`),
    ...(persistentVolumeClaim ? required(`${field}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName) : []),
    ...(csi ? validateCsi(csi, `${field}.csi`) : []),
    ...validateMode(downwardAPI?.defaultMode, `${field}.downwardAPI.defaultMode`),
    ...(downwardAPI?.items ?? []).flatMap((item) => validateDownward(item, `${field}.downwardAPI`)),
    ...(projected ? validateProjected(projected, `${field}.projected`, owner) : []),
    ...(image
      ? [
          ...(owner.pod === undefined ? [] : required(`${field}.image.reference`, image.reference)),
          ...oneOf(`${field}.image.pullPolicy`, image.pullPolicy, ["Always", "IfNotPresent", "Never"])
        ]
      : []),
    ...(ephemeral ? validateEphemeral(volume, field, owner) : [])
  ]
}

const validateCsi = ({ driver, nodePublishSecretRef }: NonNullable<Volume["csi"]>, field: string): Causes.Causes => [
  ...validateDriver(driver, `${field}.driver`),
  ...inside(nodePublishSecretRef, ({ name = "" }) =>
    name === ""
      ? [Causes.required(`${field}.nodePublishSecretRef.name`)]
      : Causes.broken(`${field}.name`, name, Names.dns1123Subdomain(name))
  )
]

const validateEphemeral = ({ ephemeral, name }: Volume, field: string, { pod }: Owner): Causes.Causes => {
  const template = ephemeral?.volumeClaimTemplate
  const at = `${field}.ephemeral.volumeClaimTemplate`
  return [
    ...when(template === undefined, () => Causes.required(at)),
    ...inside(template, ({ spec }) => validateClaimSpec(spec, `${at}.spec`)),
    ...(pod && name !== ""
      ? Names.dns1123Subdomain(`${pod}-${name}`).map((why) =>
          Causes.invalid(`${field}.name`, name, `PVC name ${JSON.stringify(`${pod}-${name}`)}: ${why}`)
        )
      : [])
  ]
}

const validateMode = (mode: number | undefined, field: string): Causes.Causes =>
  when(mode !== undefined && (mode < 0 || mode > 0o777), () =>
    Causes.invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")
  )

/** A path that is made in the volume. */
const validateTarget = (path: string, field: string): Causes.Causes => [
  ...validateDescending(path, field),
  ...when(path.startsWith("..") && !path.startsWith("../") && path !== "..", () =>
    Causes.invalid(field, path, "must not start with '..'")
  )
]

const validateItems = (items: ReadonlyArray<KeyToPath> | undefined, field: string): Causes.Causes =>
  each(items, field, ({ key, mode, path }, at) => [
    ...required(`${at}.key`, key),
    ...required(`${at}.path`, path),
    ...validateTarget(path, `${at}.path`),
    ...validateMode(mode, `${at}.mode`)
  ])

const downward = /^(?:metadata\.(?:name|namespace|labels|annotations|uid|(?:labels|annotations)\['.+'\]))$/

/** Upstream does not say which item it is. */
const validateDownward = (
  { fieldRef, mode, path, resourceFieldRef }: DownwardAPIVolumeFile,
  field: string
): Causes.Causes => [
  ...required(`${field}.path`, path),
  ...validateTarget(path, `${field}.path`),
  ...inside(fieldRef, (ref) => validateFieldRef(ref, `${field}.fieldRef`, downward)),
  ...when(fieldRef !== undefined && resourceFieldRef !== undefined, () =>
    Causes.invalid(field, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
  ),
  ...(fieldRef === undefined
    ? inside(resourceFieldRef, (ref) => validateResourceRef(ref, `${field}.resourceFieldRef`, true))
    : []),
  ...when(fieldRef === undefined && resourceFieldRef === undefined, () =>
    Causes.required(field, "one of fieldRef and resourceFieldRef is required")
  ),
  ...validateMode(mode, `${field}.mode`)
]

const pathsOf = ({ configMap, downwardAPI, secret }: VolumeProjection) => [
  ...(secret?.items ?? []).map(({ path }) => [path, secret?.name ?? ""] as const),
  ...(configMap?.items ?? []).map(({ path }) => [path, configMap?.name ?? ""] as const),
  ...(downwardAPI?.items ?? []).map(({ path }) => [path, path] as const)
]

const validateProjected = (
  { defaultMode, sources = [] }: ProjectedVolumeSource,
  field: string,
  owner: Owner
): Causes.Causes => {
  const paths = sources.flatMap(pathsOf).filter(([path]) => path !== "")
  return [
    ...validateMode(defaultMode, `${field}.defaultMode`),
    ...each(sources, `${field}.sources`, (source, at) => validateProjection(source, at, field, owner)),
    ...paths.flatMap(([path, name], index) =>
      when(paths.findIndex(([other]) => other === path) < index, () =>
        Causes.invalid(field, name, "conflicting duplicate paths")
      )
    )
  ]
}

const tokenSeconds = { least: 600, most: 2 ** 32 }

const validateProjection = (source: VolumeProjection, field: string, around: string, owner: Owner): Causes.Causes => {
  const { configMap, downwardAPI, secret, serviceAccountToken: token } = source
  const seconds = token?.expirationSeconds ?? tokenSeconds.least
  const at = `${field}.serviceAccountToken`
  return [
    ...(secret ? required(`${field}.secret.name`, secret.name) : []),
    ...validateItems(secret?.items, `${field}.secret.items`),
    ...(configMap ? required(`${field}.configMap.name`, configMap.name) : []),
    ...validateItems(configMap?.items, `${field}.configMap.items`),
    ...(downwardAPI?.items ?? []).flatMap((item) => validateDownward(item, `${field}.downwardAPI`)),
    ...when(seconds < tokenSeconds.least, () =>
      Causes.invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration less than 10 minutes")
    ),
    ...when(seconds > tokenSeconds.most, () =>
      Causes.invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration larger than 2^32 seconds")
    ),
    ...(token ? [...required(`${around}.path`, token.path), ...validateTarget(token.path, `${around}.path`)] : []),
    ...when(token !== undefined && !owner.account, () =>
      Causes.forbidden(at, "must not be specified when serviceAccountName is not set")
    ),
    ...when(Object.keys(source).length > 1, () =>
      Causes.forbidden(field, "may not specify more than 1 volume type per source")
    )
  ]
}
