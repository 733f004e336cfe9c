/** Which StorageClass claims get that name none. Source: "Storage Classes", "Default StorageClass". */
import type { StorageClass } from "./storage/v1.ts"

const marks = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]

export const isDefault = ({ metadata: { annotations } }: StorageClass) =>
  marks.some((mark) => annotations?.[mark] === "true")
