/**
 * What only the Go types say of a field of a message: its name in JSON, whether it is inlined there, and whether it is kept
 * when it is empty. Read from the struct tags, such as `json:"replicas,omitempty" protobuf:"varint,1,opt,name=replicas"`.
 */

export interface GoField {
  /** Empty: its own fields stand in the place of it. */
  readonly json: string
  /** A pointer, or without `omitempty`: what is empty was meant. */
  readonly kept: boolean
}
export type GoStruct = ReadonlyMap<number, GoField>

const struct = /^type (?<name>\w+) struct \{\n(?<body>[\s\S]*?)^\}/gm
const tagged = /^\t(?:\w+\s+)?(?<type>\S+)\s+`(?<tags>[^`]*)`/gm
const jsonTag = /json:"(?<name>[^",]*)(?<options>[^"]*)"/
const protobufTag = /protobuf:"\w+,(?<id>\d+),/

const fieldOf = (type: string, tags: string): readonly [number, GoField] | undefined => {
  const json = jsonTag.exec(tags)?.groups
  const id = protobufTag.exec(tags)?.groups?.["id"]
  if (json === undefined || id === undefined) return undefined
  const { name = "", options = "" } = json
  const isInline = options.includes("inline")
  const kept = type.startsWith("*") || !/omit(empty|zero)/.test(options)
  return [Number(id), { json: isInline ? "" : name, kept: kept && !isInline }]
}

/** The structs of one Go file, by name. */
export const structsOf = (source: string): ReadonlyMap<string, GoStruct> =>
  new Map(
    Array.from(source.matchAll(struct), ({ groups: { body = "", name = "" } = {} }): [string, GoStruct] => [
      name,
      new Map(
        Array.from(body.matchAll(tagged)).flatMap(({ groups: { tags = "", type = "" } = {} }) => {
          const field = fieldOf(type, tags)
          return field === undefined ? [] : [field]
        })
      )
    ])
  )
