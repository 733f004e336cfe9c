/** How a kind is written: the value that says where its objects live and in which versions the API serves them. */
import type { Collection } from "./Collections.ts"
import { categories, logs, shortNames, singulars } from "./Names.ts"

/** Another version of the same kind: its schema, and the alias of the module that converts. */
export interface Other {
  readonly collection: Collection
  readonly schema: string
  readonly conversion: string
}

const storageOf = ({ group, plural }: Collection) => (group === "" ? plural : `${plural}.${group}`)

export const kindOf = (name: string, collection: Collection, others: ReadonlyArray<Other>) => {
  const storage = storageOf(collection)
  const { group, namespaced, plural, subresources, verbs, version } = collection
  const log = logs[storage]
  const lists = { subresources, shortNames: shortNames[storage] ?? [], categories: categories[storage] ?? [] }
  const lines = [
    `kind: "${name}"`,
    `plural: "${plural}"`,
    `singular: "${singulars[storage] ?? name.toLowerCase()}"`,
    `namespaced: ${namespaced}`,
    `storage: "${storage}"`,
    ...(log === undefined ? [] : [`log: "${log}"`]),
    `verbs: ${JSON.stringify(verbs)}`,
    ...Object.entries(lists).flatMap(([field, values]) =>
      values.length > 0 ? [`${field}: ${JSON.stringify(values)}`] : []
    ),
    `versions: ${versionsOf(`{ group: "${group}", version: "${version}", schema: asJson(${name}Schema) }`, others)}`
  ]
  return `export const ${name} = Kind.make<${name}, ${name}Draft>({\n${lines.map((line) => `  ${line}`).join(",\n")}\n})`
}

/** The other schemas are asked for at their use, because their files import this one. */
const versionsOf = (first: string, others: ReadonlyArray<Other>) => {
  if (others.length === 0) return `[${first}]`
  const more = others.map(
    ({ collection: { group, version }, conversion, schema }) =>
      `{ group: "${group}", version: "${version}", schema: asJson(() => ${schema}()), convert: ${conversion} }`
  )
  return `[\n${[first, ...more].map((one) => `    ${one}`).join(",\n")}\n  ]`
}
