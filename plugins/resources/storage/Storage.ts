/** What is shown, and may not change, of storage classes and of what storage drivers say of themselves. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import {
  duplicates,
  each,
  enumerated,
  inside,
  named,
  nonNegative,
  required,
  requiredName,
  when
} from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { age, integer, text, truth, unset } from "../Columns.ts"
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass
} from "../contracts/storage/v1.ts"
import { validateQuantity } from "../core/ResourceValidation.ts"
import { validateDriver } from "../core/VolumeSources.ts"
import { created } from "../rbac/Rbac.ts"

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class"
]
const isDefault = ({ metadata }: StorageClass) => defaultAnnotations.some((name) => metadata.annotations?.[name] === "true")

const fixed = ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const

const most = { parameters: 512, bytes: 256 * 1024 }

const validateParameters = (parameters: { readonly [key: string]: string }, field: string): Causes.Causes => {
  const all = Object.entries(parameters)
  const bytes = all.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  return [
    ...when(all.length > most.parameters, () => Causes.tooLong("Provisioner Parameters", most.parameters)),
    ...all.flatMap(([key]) => when(key === "", () => Causes.invalid(field, key, "field can not be empty."))),
    ...when(bytes > most.bytes, () => Causes.tooLong(field, most.bytes))
  ]
}

/** Of a topology: which values by which keys, whichever order they stand in. */
const byKey = ({ matchLabelExpressions = [] }: NonNullable<StorageClass["allowedTopologies"]>[number]) =>
  matchLabelExpressions
    .map(({ key, values }) => ({ key, values: values.toSorted() }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))

export const storageClass: Strategy<StorageClass> = {
  validate: ({ allowedTopologies = [], parameters = {}, provisioner, reclaimPolicy, volumeBindingMode }) => [
    ...requiredName("provisioner", provisioner.toLowerCase(), Names.labelKey),
    ...validateParameters(parameters, "parameters"),
    ...enumerated("reclaimPolicy", reclaimPolicy || undefined, ["Delete", "Retain"]),
    ...enumerated("volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]),
    ...each(allowedTopologies, "allowedTopologies", ({ matchLabelExpressions = [] }, at, place) => [
      ...each(matchLabelExpressions, `${at}.matchLabelExpressions`, ({ key, values }, one, index) => [
        ...named(`${one}.key`, key, Names.labelKey),
        ...required(`${one}.values`, values),
        ...duplicates(values, (value) => `${one}.values[${value}]`),
        ...when(matchLabelExpressions.findIndex((other) => other.key === key) < index, () =>
          Causes.duplicate(`${one}.key`, key)
        )
      ]),
      // One that says nothing says what no topology before it says.
      ...when(
        matchLabelExpressions.length === 0 ||
          allowedTopologies.slice(0, place).some((other) => same(byKey(other), byKey({ matchLabelExpressions }))),
        () => Causes.duplicate(`${at}.matchLabelExpressions`, "")
      )
    ])
  ],
  validateUpdate: (now, old) =>
    fixed.filter((name) => !same(now[name], old[name])).map((name) => Causes.immutable(name, now[name] ?? null)),
  columns: [
    {
      name: "Name",
      type: "string",
      format: "name",
      description: "The name, and whether it is the default.",
      value: (one) => `${one.metadata.name}${isDefault(one) ? " (default)" : ""}`
    },
    text("Provisioner", "Who makes the volumes.", ({ provisioner }) => provisioner),
    text("ReclaimPolicy", "What becomes of them without a claim.", ({ reclaimPolicy }) => reclaimPolicy),
    text("VolumeBindingMode", "When they are made.", ({ volumeBindingMode }) => volumeBindingMode),
    // Upstream says that it is a text.
    {
      ...truth("AllowVolumeExpansion", "Whether they can grow.", ({ allowVolumeExpansion }) => allowVolumeExpansion),
      type: "string"
    }
  ]
}

const maxNodeId = 256

export const node: Strategy<CSINode> = {
  validate: ({ spec: { drivers } }) =>
    each(drivers, "spec.drivers", ({ allocatable, name, nodeID, topologyKeys = [] }, at, index) => [
      ...validateDriver(name, `${at}.name`),
      ...required(`${at}.nodeID`, nodeID),
      ...when(nodeID.length > maxNodeId, () =>
        Causes.invalid(`${at}.nodeID`, nodeID, `must be ${maxNodeId} characters or less`)
      ),
      ...nonNegative(`${at}.allocatable.count`, allocatable?.count),
      ...topologyKeys.flatMap((key, place) => [
        ...when(key === "", () => Causes.required(at)),
        ...named(at, key, Names.labelKey),
        ...when(topologyKeys.indexOf(key) < place, () => Causes.duplicate(at, key))
      ]),
      ...when(drivers.findIndex((other) => other.name === name) < index, () => Causes.duplicate(`${at}.name`, name))
    ]),
  validateUpdate: ({ spec }, { spec: old }) =>
    spec.drivers.flatMap((driver) => {
      const before = old.drivers.find(({ name }) => name === driver.name)
      const { allocatable: _n, ...now } = driver
      const { allocatable: _b, ...then } = before ?? driver
      return same(now, then) ? [] : [Causes.invalid("CSINodeDriver", driver, "field is immutable")]
    }),
  columns: [integer("Drivers", "How many drivers the node has.", ({ spec }) => spec.drivers.length)]
}

const flag = truth

const leastTokenSeconds = 600
const mostTokenSeconds = 2 ** 32
const fixedOfDriver = ["attachRequired", "volumeLifecycleModes"] as const

/** What belongs to features that are off. */
const withoutPrevention = (driver: CSIDriver): CSIDriver => {
  const { preventPodSchedulingIfMissing, ...spec } = driver.spec
  return preventPodSchedulingIfMissing === undefined ? driver : { ...driver, spec }
}

const hidden =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes"

export const driver: Strategy<CSIDriver> = {
  prepareCreate: withoutPrevention,
  prepareUpdate: withoutPrevention,
  warnings: ({ spec: { serviceAccountTokenInSecrets, tokenRequests = [] } }) =>
    tokenRequests.length > 0 && serviceAccountTokenInSecrets === undefined ? [hidden] : [],
  validate: ({ metadata: { name }, spec }, old) => [
    ...(old === undefined && name !== "" ? validateDriver(name, "metadata.name") : []),
    ...enumerated("spec.fsGroupPolicy", spec.fsGroupPolicy, ["File", "None", "ReadWriteOnceWithFSType"]),
    ...spec.volumeLifecycleModes.flatMap((mode) =>
      enumerated("spec.volumeLifecycleModes", mode, ["Persistent", "Ephemeral"])
    ),
    ...each(spec.tokenRequests, "spec.tokenRequests", ({ audience, expirationSeconds: seconds }, at, index) => [
      ...when((spec.tokenRequests ?? []).findIndex((other) => other.audience === audience) < index, () =>
        Causes.duplicate(`${at}.audience`, audience)
      ),
      ...when(seconds !== undefined && seconds < leastTokenSeconds, () =>
        Causes.invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration less than 10 minutes")
      ),
      ...when(seconds !== undefined && seconds > mostTokenSeconds, () =>
        Causes.invalid(`${at}.expirationSeconds`, seconds, "may not specify a duration larger than 2^32 seconds")
      )
    ]),
    ...when(spec.serviceAccountTokenInSecrets !== undefined && (spec.tokenRequests ?? []).length === 0, () =>
      Causes.invalid(
        "spec.serviceAccountTokenInSecrets",
        spec.serviceAccountTokenInSecrets,
        "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
      )
    ),
    ...when((spec.nodeAllocatableUpdatePeriodSeconds ?? 10) < 10, () =>
      Causes.invalid(
        "spec.nodeAllocatableUpdatePeriodSeconds",
        spec.nodeAllocatableUpdatePeriodSeconds,
        "must be greater than or equal to 10 seconds"
      )
    )
  ],
  validateUpdate: ({ spec }, { spec: old }) =>
    fixedOfDriver
      .filter((name) => !same(spec[name], old[name]))
      .map((name) => Causes.immutable(name === "attachRequired" ? "spec.attachedRequired" : `spec.${name}`, spec[name])),
  columns: [
    flag("AttachRequired", "Whether volumes are attached first.", ({ spec }) => spec.attachRequired),
    flag("PodInfoOnMount", "Whether it is told of the Pod.", ({ spec }) => spec.podInfoOnMount),
    flag("StorageCapacity", "Whether it says how much there is.", ({ spec }) => spec.storageCapacity),
    text(
      "TokenRequests",
      "For whom it gets tokens.",
      ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? unset
    ),
    flag("RequiresRepublish", "Whether it is asked again and again.", ({ spec }) => spec.requiresRepublish),
    text("Modes", "How long volumes live.", ({ spec }) => spec.volumeLifecycleModes.join(",") || "<none>"),
    age
  ]
}

export const attributes: Strategy<VolumeAttributesClass> = {
  validate: ({ driverName, parameters = {} }) => [
    ...requiredName("driverName", driverName.toLowerCase(), Names.labelKey),
    ...when(Object.keys(parameters).length === 0, () =>
      Causes.required("parameters", "must contain at least one key/value pair")
    ),
    ...validateParameters(parameters, "parameters")
  ],
  validateUpdate: (now, old) => [
    ...(["driverName", "parameters"] as const)
      .filter((name) => !same(now[name], old[name]))
      .map((name) => Causes.forbidden(name, `updates to ${name} are forbidden.`))
  ],
  columns: [text("DriverName", "Who understands them.", ({ driverName }) => driverName)]
}

export const capacity: Strategy<CSIStorageCapacity> = {
  validate: ({ capacity: amount, maximumVolumeSize, nodeTopology, storageClassName }) => [
    ...requiredClass(storageClassName),
    ...inside(nodeTopology, (selector) => Selector.validate(selector, "nodeTopology")),
    ...inside(amount, (one) => validateQuantity(one, "capacity")),
    ...inside(maximumVolumeSize, (one) => validateQuantity(one, "maximumVolumeSize"))
  ],
  validateUpdate: (now, old) => [
    ...(same(now.nodeTopology, old.nodeTopology) ? [] : [Causes.immutable("nodeTopology", now.nodeTopology ?? null)]),
    ...(now.storageClassName === old.storageClassName ? [] : [Causes.immutable("storageClassName", now.storageClassName)])
  ],
  columns: [created]
}

const requiredClass = (name: string): Causes.Causes =>
  Names.dns1123Subdomain(name).map((why) => Causes.invalid("storageClassName", name, why))

export const attachment: Strategy<VolumeAttachment> = {
  validate: ({ spec: { attacher, nodeName, source } }) => [
    ...validateDriver(attacher, "spec.attacher"),
    ...when(source.inlineVolumeSpec === undefined && source.persistentVolumeName === undefined, () =>
      Causes.required("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName")
    ),
    ...when(source.inlineVolumeSpec !== undefined && source.persistentVolumeName !== undefined, () =>
      Causes.forbidden("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName")
    ),
    ...when(source.persistentVolumeName === "", () =>
      Causes.required("spec.source.persistentVolumeName", "must specify non empty persistentVolumeName")
    ),
    ...named("spec.source.persistentVolumeName", source.persistentVolumeName, Names.dns1123Subdomain),
    ...named("spec.nodeName", nodeName, Names.dns1123Subdomain)
  ],
  validateUpdate: ({ spec }, { spec: old }) => (same(spec, old) ? [] : [Causes.immutable("spec", spec)]),
  columns: [
    { ...text("Attacher", "Who attaches.", ({ spec }) => spec.attacher), format: "name" },
    text("PV", "What.", ({ spec }) => spec.source.persistentVolumeName ?? ""),
    text("Node", "Where to.", ({ spec }) => spec.nodeName),
    flag("Attached", "Whether it is.", ({ status }) => status.attached)
  ]
}
