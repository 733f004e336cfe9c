/** Makes the codecs of gRPC methods out of a description in short form: `id type`, `id repeated type` or `id map type`. */
import protobuf from "protobufjs"

export interface Method {
  readonly path: string
  readonly encode: (message: object) => Buffer
  readonly decode: (bytes: Buffer) => unknown
}

interface Text {
  readonly package: string
  /** Request, response, and the method's name where it is another than the key. */
  readonly services: { readonly [service: string]: { readonly [method: string]: ReadonlyArray<string> } }
  readonly enums: { readonly [name: string]: ReadonlyArray<string> }
  readonly messages: { readonly [name: string]: { readonly [field: string]: string } }
}

const field = (text: string) => {
  const [id = "", ...words] = text.split(" ")
  const type = words.at(-1) ?? ""
  const rule = words.length === 2 && words[0] === "repeated" ? { rule: "repeated" } : {}
  return { id: Number(id), type, ...rule, ...(words[0] === "map" && { keyType: "string" }) }
}

const mapValues = <A, B>(record: { readonly [key: string]: A }, each: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, each(value)]))

const reading = { longs: String, enums: String, defaults: true, arrays: true, objects: true } as const

export const load = (text: Text): ReadonlyMap<string, Method> => {
  const root = protobuf.Root.fromJSON({
    nested: {
      ...mapValues(text.messages, (fields) => ({ fields: mapValues(fields, field) })),
      ...mapValues(text.enums, (names) => ({ values: Object.fromEntries(names.map((name, value) => [name, value])) }))
    }
  })
  return new Map(
    Object.entries(text.services).flatMap(([service, methods]) =>
      Object.entries(methods).map(([key, [request = "", response = "", name = key]]) => {
        const input = root.lookupType(request)
        const output = root.lookupType(response)
        return [
          key,
          {
            path: `/${text.package}.${service}/${name === "stream" ? key : name}`,
            encode: (message: object) => Buffer.from(input.encode(input.fromObject(message)).finish()),
            decode: (bytes: Buffer): unknown => output.toObject(output.decode(bytes), reading)
          }
        ] as const
      })
    )
  )
}
