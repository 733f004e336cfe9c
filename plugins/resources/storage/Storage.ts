/** What is shown, and may not change, of storage classes and of what storage drivers say of themselves. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { oneOf, required } from "../../../kernel/resource/Rules.ts"
import type { Column, Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { age, integer, text, unset } from "../Columns.ts"
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass
} from "../contracts/storage/v1.ts"
import { created } from "../rbac/Rbac.ts"

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class"
]
const isDefault = ({ metadata }: StorageClass) => defaultAnnotations.some((name) => metadata.annotations?.[name] === "true")

const fixed = ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const

export const storageClass: Strategy<StorageClass> = {
  validate: ({ provisioner, reclaimPolicy, volumeBindingMode }) => [
    ...required("provisioner", provisioner),
    ...oneOf("reclaimPolicy", reclaimPolicy, ["Delete", "Retain"]),
    ...oneOf("volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"])
  ],
  validateUpdate: (now, old) =>
    fixed
      .filter((name) => !same(now[name], old[name]))
      .map((name) => Causes.forbidden(name, `updates to ${name} are forbidden.`)),
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
    text("AllowVolumeExpansion", "Whether they can grow.", ({ allowVolumeExpansion }) =>
      String(allowVolumeExpansion ?? false)
    )
  ]
}

export const node: Strategy<CSINode> = {
  columns: [integer("Drivers", "How many drivers the node has.", ({ spec }) => spec.drivers.length)]
}

const flag = <A>(name: string, description: string, value: (object: A) => boolean | undefined): Column<A> =>
  text(name, description, (object) => String(value(object) ?? false))

export const driver: Strategy<CSIDriver> = {
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
  columns: [text("DriverName", "Who understands them.", ({ driverName }) => driverName)]
}

export const capacity: Strategy<CSIStorageCapacity> = { columns: [created] }

export const attachment: Strategy<VolumeAttachment> = {
  columns: [
    text("Attacher", "Who attaches.", ({ spec }) => spec.attacher),
    text("PV", "What.", ({ spec }) => spec.source.persistentVolumeName ?? ""),
    text("Node", "Where to.", ({ spec }) => spec.nodeName),
    flag("Attached", "Whether it is.", ({ status }) => status.attached)
  ]
}
