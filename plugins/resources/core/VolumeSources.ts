/** What is wrong with where the bytes of a volume are, of Pods and of PersistentVolumes: one check a source. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import {
  allRequired,
  between,
  enumerated,
  inside,
  namedIfGiven,
  required,
  requiredName,
  when
} from "../../../kernel/resource/Rules.ts"
import type { PersistentVolumeSpec, Volume } from "../contracts/core/v1.ts"
import { validateDescending } from "./SecurityValidation.ts"

/** What a source of either can be: they have almost the same fields. */
type Sources = Partial<
  Omit<Volume, "name"> & { [K in Exclude<keyof PersistentVolumeSpec, keyof Volume>]: PersistentVolumeSpec[K] }
>
type Checks = { readonly [K in keyof Sources]: (source: NonNullable<Sources[K]>, field: string) => Causes.Causes }

const hostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"]

export const validateNoBacksteps = (path: string, field: string) =>
  when(path.split("/").includes(".."), () => Causes.invalid(field, path, "must not contain '..'"))

/** Three ways to name what is reached by iSCSI. */
const iqn = /^iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/
const eui = /^eui.[\dA-Fa-f]{16}$/
const naa = /^naa.[\dA-Fa-f]{32}$/
const validateIqn = (name: string, field: string): Causes.Causes => {
  const known = { iqn, eui, naa }
  const pattern = Object.entries(known).find(([prefix]) => name.startsWith(prefix))?.[1]
  if (pattern === undefined) return [Causes.invalid(field, name, "must be valid format starting with iqn, eui, or naa")]
  return when(!pattern.test(name), () => Causes.invalid(field, name, "must be valid format"))
}

const isReserved = (option: string) => {
  const namespace = `.${(option.includes("/") ? (option.split("/")[0] ?? "") : option).toLowerCase()}`
  return namespace.endsWith(".kubernetes.io") || namespace.endsWith(".k8s.io")
}

const diskUri = {
  managed: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
  blob: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
}
const pairs = "must be a host:port pair or multiple pairs separated by commas"
const isPair = (text: string) => /^([^:]*|\[[^\]]*\]):[^:]*$/.test(text)

export const csiDriverName: Names.Rule = (name) => [
  ...(name.length > 63 ? ["must be no more than 63 characters"] : []),
  ...Names.dns1123Subdomain(name.toLowerCase())
]
export const validateDriver = (driver: string, field: string): Causes.Causes => {
  if (driver === "") return [Causes.required(field)]
  return [
    ...when(driver.length > 63, () => Causes.tooLong(field, 63)),
    ...Names.dns1123Subdomain(driver.toLowerCase()).map((why) => Causes.invalid(field, driver, why))
  ]
}

const only =
  (...names: ReadonlyArray<string>) =>
  (source: object, field: string) => {
    const given = new Map<string, unknown>(Object.entries(source))
    return allRequired(field, Object.fromEntries(names.map((name) => [name, String(given.get(name) ?? "")])))
  }

const checks: Checks = {
  awsElasticBlockStore: ({ partition, volumeID }, field) => [
    ...required(`${field}.volumeID`, volumeID),
    ...validatePartition(partition, `${field}.partition`)
  ],
  azureDisk: ({ cachingMode, diskName, diskURI, kind }, field) => [
    ...allRequired(field, { diskName, diskURI }),
    ...enumerated(`${field}.cachingMode`, cachingMode, ["None", "ReadOnly", "ReadWrite"]),
    ...enumerated(`${field}.kind`, kind, ["Dedicated", "Managed", "Shared"]),
    ...when(kind === "Managed" && !diskURI.startsWith("/subscriptions/"), () =>
      Causes.notSupported(`${field}.diskURI`, diskURI, [diskUri.managed])
    ),
    ...when(kind !== "Managed" && !diskURI.startsWith("https://"), () =>
      Causes.notSupported(`${field}.diskURI`, diskURI, [diskUri.blob])
    )
  ],
  azureFile: (source, field) => [
    ...only("secretName", "shareName")(source, field),
    ...("secretNamespace" in source ? required(`${field}.secretNamespace`, String(source.secretNamespace)) : [])
  ],
  cephfs: ({ monitors }, field) => required(`${field}.monitors`, monitors),
  cinder: only("volumeID"),
  fc: ({ lun, targetWWNs = [], wwids = [] }, field) => [
    ...when(targetWWNs.length + wwids.length === 0, () =>
      Causes.required(`${field}.targetWWNs`, "must specify either targetWWNs or wwids, but not both")
    ),
    ...when(targetWWNs.length > 0 && wwids.length > 0, () =>
      Causes.invalid(`${field}.targetWWNs`, targetWWNs, "targetWWNs and wwids can not be specified simultaneously")
    ),
    ...when(targetWWNs.length > 0 && lun === undefined, () =>
      Causes.required(`${field}.lun`, "lun is required if targetWWNs is specified")
    ),
    ...(targetWWNs.length > 0 ? between(`${field}.lun`, lun, 0, 255) : [])
  ],
  flexVolume: ({ driver, options = {} }, field) => [
    ...required(`${field}.driver`, driver),
    ...Object.keys(options)
      .filter(isReserved)
      .map((key) => Causes.invalid(`${field}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved"))
  ],
  flocker: ({ datasetName = "", datasetUUID = "" }, field) => [
    ...when(datasetName === "" && datasetUUID === "", () =>
      Causes.required(field, "one of datasetName and datasetUUID is required")
    ),
    ...when(datasetName !== "" && datasetUUID !== "", () =>
      Causes.invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    ),
    ...when(datasetName.includes("/"), () => Causes.invalid(`${field}.datasetName`, datasetName, "must not contain '/'"))
  ],
  // Upstream calls it otherwise in its paths.
  gcePersistentDisk: ({ partition, pdName }, field) => {
    const at = field.replace(/gcePersistentDisk$/, "persistentDisk")
    return [...required(`${at}.pdName`, pdName), ...validatePartition(partition, `${at}.partition`)]
  },
  gitRepo: ({ directory = "", repository }, field) => [
    ...required(`${field}.repository`, repository),
    ...validateDescending(directory, `${field}.directory`)
  ],
  glusterfs: only("endpoints", "path"),
  hostPath: ({ path, type }, field) => [
    ...required(`${field}.path`, path),
    ...validateNoBacksteps(path, `${field}.path`),
    ...enumerated(`${field}.type`, type, hostPathTypes)
  ],
  iscsi: (source, field) => {
    const { initiatorName, iqn, lun, secretRef, targetPortal } = source
    const authenticates = source.chapAuthDiscovery === true || source.chapAuthSession === true
    return [
      ...allRequired(field, { targetPortal, iqn }),
      ...(iqn === "" ? [] : validateIqn(iqn, `${field}.iqn`)),
      ...between(`${field}.lun`, lun, 0, 255),
      ...when(authenticates && secretRef === undefined, () => Causes.required(`${field}.secretRef`)),
      ...inside(initiatorName, (name) => validateIqn(name, `${field}.initiatorname`))
    ]
  },
  local: ({ path }, field) => [...required(`${field}.path`, path), ...validateNoBacksteps(path, `${field}.path`)],
  nfs: ({ path, server }, field) => [
    ...allRequired(field, { server, path }),
    ...when(!path.startsWith("/"), () => Causes.invalid(`${field}.path`, path, "must be an absolute path"))
  ],
  photonPersistentDisk: only("pdID"),
  portworxVolume: only("volumeID"),
  quobyte: ({ registry, volume }, field) => [
    ...required(`${field}.registry`, registry, pairs),
    ...(registry === "" ? [] : registry.split(",")).flatMap((pair) =>
      when(!isPair(pair), () => Causes.invalid(`${field}.registry`, registry, pairs))
    ),
    ...required(`${field}.volume`, volume)
  ],
  rbd: ({ image, monitors }, field) => [...required(`${field}.monitors`, monitors), ...required(`${field}.image`, image)],
  scaleIO: (source, field) => only("gateway", "system", "volumeName")(source, field),
  storageos: ({ volumeName, volumeNamespace }, field) => [
    ...requiredName(`${field}.volumeName`, volumeName, Names.dns1123Label),
    ...namedIfGiven(`${field}.volumeNamespace`, volumeNamespace, Names.dns1123Label)
  ],
  vsphereVolume: only("volumePath")
}

const validatePartition = (partition: number | undefined, field: string) =>
  when(partition !== undefined && (partition < 0 || partition > 255), () =>
    Causes.invalid(field, partition, "must be between 1 and 255, inclusive")
  )

/** Of all sources that are given; of what a volume is of only one kind are left to whoever calls. */
export const validateSources = (given: object, field: string): Causes.Causes => {
  const sources: Sources = given
  return Object.keys(checks).flatMap((name) => {
    // The key of a check is that of its source, which the type of all of them together does not say; hence the cast.
    const key = name as keyof Checks
    const source = sources[key]
    const check = checks[key] as ((source: unknown, field: string) => Causes.Causes) | undefined
    return source === undefined || check === undefined ? [] : check(source, `${field}.${key}`)
  })
}
