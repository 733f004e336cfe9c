/** What stands above the definitions of a generated file: its imports, which follow from the words that the definitions use. */

const fieldWords = [
  ...["Bool", "Byte", "Double", "Free", "Int32", "Int64", "IntOrString", "MicroTime", "Quantity", "Text", "Time"],
  ...["asJson", "define", "defaulted", "embedded", "list", "map", "optional", "patched", "pointer", "struct", "suspended"]
]
const schemas = ["ManagedFieldsEntry", "ObjectMetaDraft", "OwnerReference"]
const types = [...schemas, "ObjectMeta"]

const kernel = "../../../../kernel/resource"

export const fileWith = (body: string, imports: ReadonlyArray<string>) => {
  const plain = body.replaceAll(/"[^"]*"/g, "")
  // Not as a member of something else, and not as the name of a field.
  const words = fieldWords.filter((word) => new RegExp(`(?<![\\w.])${word}\\b(?!\\??:)`).test(plain))
  const values = schemas.filter((word) => plain.includes(`${word}()`))
  const onlyTypes = types.filter((word) => !values.includes(word) && new RegExp(`\\b${word}\\b`).test(plain))
  const metadata = [...values, ...onlyTypes.map((word) => `type ${word}`)]
  const lines = [
    "// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.",
    /\bJson\b/.test(plain) && `import type { Json } from "effect/Schema"`,
    `import * as Field from "${kernel}/Field.ts"`,
    plain.includes("Kind.make") && `import * as Kind from "${kernel}/Kind.ts"`,
    metadata.length > 0 && `import { ${metadata.join(", ")} } from "${kernel}/Metadata.ts"`,
    ...imports.toSorted(),
    "",
    `const { ${words.join(", ")} } = Field`,
    "",
    body,
    ""
  ]
  return lines.filter((line) => line !== false).join("\n")
}
