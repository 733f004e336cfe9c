/** Where the next page of a list begins: a token that clients hand back. Source: API concepts, "Retrieving large results sets in chunks". */
import { Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { BadRequest } from "../client/Errors.ts"

export interface Token {
  /** As of which revision the list is told; nothing: as of now, after what it was told of is forgotten. */
  readonly revision?: number | undefined
  /** The page begins after this path. */
  readonly start: string
}

const layout = "meta.k8s.io/v1"
const Written = Schema.Struct({ v: Schema.String, rv: Schema.Int, start: Schema.String })
const decodeWritten = Schema.decodeUnknownResult(Written)

export const encode = ({ revision = -1, start }: Token): string =>
  Base64Url.encode(JSON.stringify({ v: layout, rv: revision, start }))

const refuse = (why: string) =>
  Result.fail(new BadRequest({ detail: `invalid continue token: continue key is not valid: ${why}` }))

/** As Go's parser of JSON words what it meets first. */
const unparsable = (text: string) => {
  const first = text.trimStart().charAt(0)
  if (first === "") return "unexpected end of JSON input"
  return first === "{"
    ? "invalid character at the end of the text"
    : `invalid character ${first === "'" ? "'\\''" : `'${first}'`} looking for beginning of value`
}

const parsed = (text: string): Result.Result<unknown, string> =>
  Result.try({ try: (): unknown => JSON.parse(text), catch: () => unparsable(text) })

export const decode = (text: string): Result.Result<Token, BadRequest> => {
  const strange = /[^A-Za-z0-9_-]/.exec(text)
  if (strange !== null || text.length % 4 === 1)
    return refuse(`illegal base64 data at input byte ${strange?.index ?? text.length - 1}`)
  const json = Result.flatMap(
    Result.mapError(Base64Url.decodeString(text), () => "illegal base64 data"),
    parsed
  )
  if (Result.isFailure(json)) return refuse(json.failure)
  const written = decodeWritten(json.success)
  if (Result.isFailure(written)) return refuse("it was not made by this server")
  const { rv, start, v } = written.success
  if (v !== layout) return refuse(`server does not recognize this encoded version ${JSON.stringify(v)}`)
  if (rv === 0) return refuse(`incorrect encoded start resourceVersion (version ${layout})`)
  if (start === "") return refuse(`encoded start key empty (version ${layout})`)
  return Result.succeed({ start, revision: rv < 0 ? undefined : rv })
}
