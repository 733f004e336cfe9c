/** What is wrong with the volumes of a Pod. Source: API reference of Kubernetes, Volume. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { HostPathVolumeSource, KeyToPath, ProjectedVolumeSource, Volume } from "../contracts/core/v1.ts"
import { duplicates, oneOf, required, validateSubPath } from "./ContainerValidation.ts"

const hostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"]

export const validateVolumes = (volumes: ReadonlyArray<Volume>, field: string): Causes.Causes => [
  ...volumes.flatMap((volume, index) => validateVolume(volume, `${field}[${index}]`)),
  ...duplicates(
    volumes.map(({ name }) => name),
    (index) => `${field}[${index}].name`
  )
]

const validateVolume = (volume: Volume, field: string): Causes.Causes => {
  const { name, ...sources } = volume
  const [first, second] = Object.keys(sources)
  return [
    ...(name === "" ? [Causes.required(`${field}.name`)] : Causes.broken(`${field}.name`, name, Names.dns1123Label(name))),
    ...(first === undefined ? [Causes.required(field, "must specify a volume type")] : []),
    ...(second === undefined ? [] : [Causes.forbidden(`${field}.${second}`, "may not specify more than 1 volume type")]),
    ...validateSource(volume, field)
  ]
}

const validateSource = (volume: Volume, field: string): Causes.Causes => {
  const { configMap, csi, hostPath, nfs, persistentVolumeClaim, projected, secret } = volume
  return [
    ...(secret ? required(`${field}.secret.secretName`, secret.secretName) : []),
    ...validateItems(secret?.items, `${field}.secret.items`),
    ...validateMode(secret?.defaultMode, `${field}.secret.defaultMode`),
    ...(configMap ? required(`${field}.configMap.name`, configMap.name) : []),
    ...validateItems(configMap?.items, `${field}.configMap.items`),
    ...validateMode(configMap?.defaultMode, `${field}.configMap.defaultMode`),
    ...(hostPath ? validateHostPath(hostPath, `${field}.hostPath`) : []),
    ...(nfs ? [...required(`${field}.nfs.server`, nfs.server), ...required(`${field}.nfs.path`, nfs.path)] : []),
    ...(persistentVolumeClaim ? required(`${field}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName) : []),
    ...(csi ? required(`${field}.csi.driver`, csi.driver) : []),
    ...(projected ? validateProjected(projected, `${field}.projected`) : [])
  ]
}

const validateHostPath = ({ path, type }: HostPathVolumeSource, field: string): Causes.Causes => [
  ...required(`${field}.path`, path),
  ...(path.split("/").includes("..") ? [Causes.invalid(`${field}.path`, path, "must not contain '..'")] : []),
  ...(type === "" ? [] : oneOf(`${field}.type`, type, hostPathTypes))
]

const validateMode = (mode: number | undefined, field: string): Causes.Causes =>
  mode === undefined || (mode >= 0 && mode <= 0o777)
    ? []
    : [Causes.invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")]

export const validateItems = (items: ReadonlyArray<KeyToPath> = [], field: string): Causes.Causes =>
  items.flatMap(({ key, mode, path }, index) => {
    const at = `${field}[${index}]`
    return [
      ...required(`${at}.key`, key),
      ...required(`${at}.path`, path),
      ...validateSubPath(path, `${at}.path`),
      ...validateMode(mode, `${at}.mode`)
    ]
  })

const validateProjected = ({ defaultMode, sources = [] }: ProjectedVolumeSource, field: string): Causes.Causes => [
  ...validateMode(defaultMode, `${field}.defaultMode`),
  ...sources.flatMap((source, index) => {
    const at = `${field}.sources[${index}]`
    const { configMap, secret, serviceAccountToken } = source
    const [, second] = Object.keys(source)
    return [
      ...(second === undefined ? [] : [Causes.forbidden(`${at}.${second}`, "may not specify more than 1 volume type")]),
      ...(configMap ? required(`${at}.configMap.name`, configMap.name) : []),
      ...validateItems(configMap?.items, `${at}.configMap.items`),
      ...(secret ? required(`${at}.secret.name`, secret.name) : []),
      ...validateItems(secret?.items, `${at}.secret.items`),
      ...(serviceAccountToken ? required(`${at}.serviceAccountToken.path`, serviceAccountToken.path) : []),
      ...((serviceAccountToken?.expirationSeconds ?? 600) < 600
        ? [
            Causes.invalid(
              `${at}.serviceAccountToken.expirationSeconds`,
              serviceAccountToken?.expirationSeconds,
              "may not specify a duration less than 10 minutes"
            )
          ]
        : [])
    ]
  })
]
