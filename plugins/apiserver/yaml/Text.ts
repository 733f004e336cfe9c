/** The text of YAML as JSON. Every key stands once: that is looked at here, because the parser's own way to do it is quadratic. */
import { type Document, isScalar, LineCounter, parseDocument, visit } from "yaml"

/** In the words of Go's library, which scripts and tests match: each with the line in which it stands again. */
const twice = (document: Document, lines: LineCounter): ReadonlyArray<string> => {
  const found: Array<string> = []
  visit(document, {
    Map: (_, map) => {
      const keys = new Set<unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        const at = isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 0
        if (keys.has(name)) found.push(`line ${at}: key ${JSON.stringify(String(name))} already set in map`)
        keys.add(name)
      }
    }
  })
  return found
}

/** So often may what an anchor names be repeated: more would be a text that grows without end. */
const maxAliasCount = 100

/** What it stands for, of which JSON can be made. Throws what the parser says. */
export const parse = (text: string): unknown => {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: false, lineCounter })
  const [error] = document.errors
  if (error !== undefined) throw error
  const repeated = twice(document, lineCounter)
  if (repeated.length > 0) throw new Error(`yaml: unmarshal errors:\n${repeated.map((one) => `  ${one}`).join("\n")}`)
  return document.toJS({ maxAliasCount })
}
