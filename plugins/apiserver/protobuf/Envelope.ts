/** What stands around every object in protobuf: four bytes that say so, and what kind it is. Source: runtime.Unknown. */
import protobuf from "protobufjs/minimal.js"

const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00)

export const isEnvelope = (bytes: Uint8Array) => magic.every((byte, index) => bytes[index] === byte)

export interface Unknown {
  readonly apiVersion: string
  readonly kind: string
  /** The message, without these two. */
  readonly raw: Uint8Array
}

export const open = (bytes: Uint8Array): Unknown => {
  const reader = protobuf.Reader.create(bytes)
  reader.pos = magic.length
  let unknown: Unknown = { apiVersion: "", kind: "", raw: new Uint8Array() }
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag >>> 3 === 1) unknown = { ...unknown, ...typeMeta(protobuf.Reader.create(reader.bytes())) }
    else if (tag >>> 3 === 2) unknown = { ...unknown, raw: reader.bytes() }
    else reader.skipType(tag & 7)
  }
  return unknown
}

const typeMeta = (reader: protobuf.Reader) => {
  let [apiVersion, kind] = ["", ""]
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag >>> 3 === 1) apiVersion = reader.string()
    else if (tag >>> 3 === 2) kind = reader.string()
    else reader.skipType(tag & 7)
  }
  return { apiVersion, kind }
}

/** What stands before a message of that many bytes. */
export const head = ({ apiVersion, kind }: Omit<Unknown, "raw">, size: number): Uint8Array => {
  const writer = protobuf.Writer.create()
  writer.uint32(10).fork().uint32(10).string(apiVersion).uint32(18).string(kind).ldelim()
  return Buffer.concat([magic, writer.uint32(18).uint32(size).finish()])
}
/** And after it: no encoding, and no type of content. */
export const tail = Uint8Array.of(0x1a, 0, 0x22, 0)

export const envelope = ({ raw, ...type }: Unknown): Uint8Array => Buffer.concat([head(type, raw.length), raw, tail])
