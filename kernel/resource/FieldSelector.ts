/**
 * Selectors of fields: `metadata.name=a,status.phase!=Running`. Which fields a kind can be selected by stands in its
 * Strategy; all can by `metadata.name`. Source: "Field Selectors" of the Kubernetes documentation.
 */
import { Result } from "effect"
import { BadRequest } from "../client/Errors.ts"

export interface Requirement {
  readonly field: string
  readonly equal: boolean
  readonly value: string
}
/** All of them have to hold; an empty one selects everything. */
export type FieldSelector = ReadonlyArray<Requirement>

/** `\,`, `\=` and `\\` are what they escape. */
const unescape = (text: string) => text.replace(/\\([\\,=])/g, "$1")
/** What is escaped and need not be; a backslash at the end escapes nothing. */
const strange = (text: string) => /^(?:[^\\]|\\[\\,=])*(\\.?)/s.exec(text)?.[1]
const refuse = (detail: string) => Result.fail(new BadRequest({ detail }))

const unsupported = (field: string) => `field label not supported: ${field}`

/** `known`: by which fields the kind can be selected; absent: whoever reads it decides. `refusal` words that it cannot be by one. */
export const parse = (
  text: string,
  known?: ReadonlyArray<string>,
  refusal: (field: string) => string = unsupported
): Result.Result<FieldSelector, BadRequest> => {
  const found: Array<Requirement> = []
  for (const term of text.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? []) {
    const [, field, operator, value] = /^((?:\\.|[^\\=!])*)(!=|==|=)(.*)$/s.exec(term) ?? []
    if (field === undefined || value === undefined) return refuse(`invalid selector: '${text}'; can't understand '${term}'`)
    if (/(?:^|[^\\])(?:\\\\)*=/.test(value)) return refuse("invalid field selector: unescaped character in value: 61")
    const escaped = strange(value)
    if (escaped !== undefined && !/^\\[\\,=]$/.test(escaped))
      return refuse(`invalid field selector: invalid escape sequence: ${escaped}`)
    // No field without a value asks for nothing.
    if (field === "" && value === "") continue
    if (known !== undefined && !known.includes(field)) return refuse(refusal(field))
    found.push({ field, equal: operator !== "!=", value: unescape(value) })
  }
  return Result.succeed(found)
}
