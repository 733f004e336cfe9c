/**
 * Who asks, as a proxy in front of a server says it in headers. They count only from who shows a certificate of the authority of
 * proxies. Source: "Configure the aggregation layer", "Authenticating proxy".
 */
import type { User } from "../../../kernel/pipeline/Attributes.ts"

export interface RequestHeader {
  /** PEM of the authority of the proxies' certificates. */
  readonly ca: string
  /** Common names of theirs; none: any. */
  readonly names: ReadonlyArray<string>
}

/** What this server shows to those behind it, and what it is known by there. */
export interface FrontProxy extends RequestHeader {
  readonly cert: string
  readonly key: string
}

export const headers = {
  username: "X-Remote-User",
  uid: "X-Remote-Uid",
  group: "X-Remote-Group",
  extraPrefix: "X-Remote-Extra-"
}

/** What may stand in the name of a header as it is; all else is escaped as in URLs. */
const plain = /[!#$&'*+\-.^_`|~0-9A-Za-z]/
const escaped = (key: string) =>
  [...Buffer.from(key)]
    .map((byte) => {
      const letter = String.fromCharCode(byte)
      return plain.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
    })
    .join("")

type Headers = { readonly [name: string]: string | ReadonlyArray<string> }

export const encode = ({ extra = {}, groups, name, uid }: User): Headers => ({
  [headers.username]: name,
  ...(uid !== undefined && uid !== "" && { [headers.uid]: uid }),
  ...(groups.length > 0 && { [headers.group]: groups }),
  ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [headers.extraPrefix + escaped(key), values]))
})

type Received = { readonly [name: string]: string | ReadonlyArray<string> | undefined }

const unescaped = (key: string) => {
  try {
    return decodeURIComponent(key)
  } catch {
    // No escape at all: it is meant as it stands.
    return key
  }
}

/** Node joins headers that come more than once with a comma and a blank. */
const listed = (value: Received[string]): ReadonlyArray<string> =>
  value === undefined ? [] : (typeof value === "string" ? value.split(", ") : value).filter((one) => one !== "")

/** `undefined`: the headers name nobody. */
export const decode = (received: Received): User | undefined => {
  const [name] = listed(received[headers.username.toLowerCase()])
  if (name === undefined) return undefined
  const [uid] = listed(received[headers.uid.toLowerCase()])
  const prefix = headers.extraPrefix.toLowerCase()
  const extra = Object.keys(received).flatMap((key) =>
    key.startsWith(prefix) ? [[unescaped(key.slice(prefix.length)), listed(received[key])] as const] : []
  )
  return {
    name,
    groups: listed(received[headers.group.toLowerCase()]),
    ...(uid !== undefined && { uid }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) })
  }
}

export const isRemote = (name: string): boolean => name.startsWith("x-remote-")
