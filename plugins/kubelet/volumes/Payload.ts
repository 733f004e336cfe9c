/** The files of the volumes that are made of API objects: configMap, secret, downwardAPI and projected. */
import type { Container, KeyToPath, Pod, Volume, VolumeProjection } from "../../resources/contracts/core/v1.ts"
import { Refusal, type Sources } from "../pod/Environment.ts"
import * as Fields from "../pod/Fields.ts"

export interface File {
  readonly bytes: Uint8Array
  readonly mode: number
}
export type Files = ReadonlyMap<string, File>

export interface Context {
  readonly pod: Pod
  readonly sources: Sources
  readonly place: Fields.Place
  /** The tokens of this volume by their paths. */
  readonly tokens: ReadonlyMap<string, string>
}

const refuse = (message: string): never => {
  throw new Refusal({ message })
}
const utf8 = (text: string) => Buffer.from(text, "utf8")
const base64 = (text: string) => Buffer.from(text, "base64")

type Values = ReadonlyMap<string, Uint8Array>

const chosen = (
  what: string,
  values: Values | undefined,
  { items, optional }: { readonly items?: ReadonlyArray<KeyToPath>; readonly optional?: boolean },
  mode: number
): Files => {
  if (values === undefined) return optional ? new Map() : refuse(`${what} not found`)
  if (items === undefined || items.length === 0) {
    return new Map(Array.from(values, ([key, bytes]) => [key, { bytes, mode }]))
  }
  const files = new Map<string, File>()
  for (const item of items) {
    const bytes = values.get(item.key)
    if (bytes !== undefined) files.set(item.path, { bytes, mode: item.mode ?? mode })
    else if (!optional) return refuse(`${what} references non-existent config key: ${item.key}`)
  }
  return files
}

const map = (record: { readonly [key: string]: string } = {}, read: (value: string) => Uint8Array) =>
  Object.entries(record).map(([key, value]) => [key, read(value)] as const)

const configMap = (
  { name = "", ...rest }: { readonly name?: string; readonly items?: ReadonlyArray<KeyToPath>; readonly optional?: boolean },
  mode: number,
  { sources }: Context
) => {
  const found = sources.configMap(name)
  const values = found && new Map([...map(found.data, utf8), ...map(found.binaryData, base64)])
  return chosen(`configmap "${name}"`, values, rest, mode)
}

const secret = (
  { name = "", ...rest }: { readonly name?: string; readonly items?: ReadonlyArray<KeyToPath>; readonly optional?: boolean },
  mode: number,
  { sources }: Context
) => {
  const found = sources.secret(name)
  return chosen(`secret "${name}"`, found && new Map(map(found.data, base64)), rest, mode)
}

const containerOf = ({ spec }: Pod, name: string | undefined): Container | undefined =>
  [...spec.containers, ...(spec.initContainers ?? [])].find((one) => one.name === name)

const downward = (items: NonNullable<Volume["downwardAPI"]>["items"] = [], mode: number, { place, pod }: Context): Files =>
  new Map(
    items.map((item) => {
      const { fieldRef, resourceFieldRef } = item
      const container = resourceFieldRef && containerOf(pod, resourceFieldRef.containerName)
      const text = fieldRef
        ? Fields.field(pod, fieldRef.fieldPath, place)
        : container && Fields.resource(container, resourceFieldRef, place)
      if (text === undefined) return refuse(`the downward API has nothing for ${item.path}`)
      return [item.path, { bytes: utf8(text), mode: item.mode ?? mode }]
    })
  )

const projection = (source: VolumeProjection, mode: number, context: Context): Files => {
  if (source.configMap) return configMap(source.configMap, mode, context)
  if (source.secret) return secret(source.secret, mode, context)
  if (source.downwardAPI) return downward(source.downwardAPI.items, mode, context)
  if (source.serviceAccountToken) {
    const { path } = source.serviceAccountToken
    const token = context.tokens.get(path)
    return token === undefined ? refuse(`no token for ${path} yet`) : new Map([[path, { bytes: utf8(token), mode }]])
  }
  return refuse("a projected volume has a source that this node does not know")
}

/** Undefined: the volume is of another kind. Throws a Refusal where something is missing. */
export const payload = (volume: Volume, context: Context): Files | undefined => {
  if (volume.configMap) return configMap(volume.configMap, volume.configMap.defaultMode, context)
  if (volume.secret) {
    const { defaultMode, secretName, ...rest } = volume.secret
    return secret({ ...rest, ...(secretName !== undefined && { name: secretName }) }, defaultMode, context)
  }
  if (volume.downwardAPI) return downward(volume.downwardAPI.items, volume.downwardAPI.defaultMode, context)
  if (volume.projected) {
    const { defaultMode, sources = [] } = volume.projected
    return new Map(sources.flatMap((source) => [...projection(source, defaultMode, context)]))
  }
  return undefined
}
