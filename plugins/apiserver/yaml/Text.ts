/** The text of YAML as JSON. Every key stands once: that is looked at here, because the parser's own way to do it is quadratic. */
import { type Document, isMap, isScalar, parseDocument, visit } from "yaml"

const twice = (document: Document): string | undefined => {
  let found: string | undefined
  visit(document, {
    Map: (_, map) => {
      const keys = new Set<unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        if (keys.has(name)) found ??= String(name)
        keys.add(name)
      }
      return found === undefined ? undefined : visit.BREAK
    }
  })
  return found
}

/** So often may what an anchor names be repeated: more would be a text that grows without end. */
const maxAliasCount = 100

/** What it stands for, of which JSON can be made. Throws what the parser says. */
export const parse = (text: string): unknown => {
  const document = parseDocument(text, { uniqueKeys: false })
  const [error] = document.errors
  if (error !== undefined) throw error
  const key = isMap(document.contents) || document.contents !== null ? twice(document) : undefined
  if (key !== undefined) throw new Error(`yaml: key ${JSON.stringify(key)} already set in map`)
  return document.toJS({ maxAliasCount })
}
