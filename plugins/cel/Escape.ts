/** How a field's name is written in an expression, where it is no identifier. Source: "Validation rules", "Field names". */

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " "
  )
)
const words: ReadonlyArray<readonly [string, string]> = [
  ["__", "__underscores__"],
  [".", "__dot__"],
  ["-", "__dash__"],
  ["/", "__slash__"]
]
const byText = new Map(words)

/** `self.namespace` is understood, although the field is properly written `self.__namespace__`. */
export const byKeyword = <A>(fields: ReadonlyMap<string, A> | undefined, word: string): A | undefined =>
  fields?.get(word) ?? (reserved.has(word) ? fields?.get(`__${word}__`) : undefined)

/** Nothing for names that cannot be written. */
export const escape = (name: string): string | undefined => {
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined
  if (reserved.has(name)) return `__${name}__`
  return name.replaceAll(/__|[-./]/g, (text) => byText.get(text) ?? text)
}
