/** `url('https://example.com/x?y=z')`: absolute addresses or paths, taken apart as Go's net/url does. */
import * as Type from "../Types.ts"
import { entries, type Failure, fail, items, Opaque, type Value } from "../Values.ts"
import { declare, define, type Overload } from "./Function.ts"

const type = declare("url", Type.struct("kubernetes.URL"))

interface Parts {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string
}

export class Url extends Opaque {
  readonly type = type
  readonly text: string
  readonly parts: Parts
  constructor(text: string, parts: Parts) {
    super()
    this.text = text
    this.parts = parts
  }
  equals(other: Opaque) {
    return other instanceof Url && other.text === this.text
  }
}

const wrong = (text: string, why: string) => fail(`parse ${JSON.stringify(text)}: ${why}`)

/** As a request has it: with a scheme, or a path from the root. */
export const parseUrl = (text: string): Url | Failure => {
  if (text === "") return wrong(text, "empty url")
  if ([...text].some((point) => point < " " || point === "\x7f"))
    return wrong(text, "net/url: invalid control character in URL")
  const [, scheme, rest = ""] = /^([a-zA-Z][a-zA-Z0-9+.-]*):([\s\S]*)$/.exec(text) ?? [undefined, undefined, text]
  if (scheme === undefined && text.startsWith(":")) return wrong(text, "missing protocol scheme")
  if (scheme === undefined && !text.startsWith("/")) return wrong(text, "invalid URI for request")
  if (scheme !== undefined && !rest.startsWith("/")) return wrong(text, "invalid URI for request")
  const [, authority, after = ""] = /^\/\/([^/?#]*)([\s\S]*)$/.exec(rest) ?? [undefined, undefined, rest]
  if (/%(?![0-9a-fA-F]{2})/.test(text))
    return wrong(text, `invalid URL escape ${JSON.stringify(/%.{0,2}/.exec(text)?.[0] ?? "%")}`)
  const host = (authority ?? "").replace(/^.*@/, "")
  const problem = hostProblem(host)
  if (problem !== undefined) return wrong(text, problem)
  const [beforeFragment = ""] = after.split("#")
  const mark = beforeFragment.indexOf("?")
  const path = mark === -1 ? beforeFragment : beforeFragment.slice(0, mark)
  const query = mark === -1 ? "" : beforeFragment.slice(mark + 1)
  return new Url(text, { scheme: (scheme ?? "").toLowerCase(), host, path, query })
}

const hostProblem = (host: string): string | undefined => {
  if (host.startsWith("[") && !/^\[[^\]]*\](:[0-9]*)?$/.test(host)) return "missing ']' in host"
  const port = /:([^:\]]*)$/.exec(host)
  if (!host.startsWith("[") && port !== null && !/^[0-9]*$/.test(port[1] ?? ""))
    return `invalid port ${JSON.stringify(port[0])} after host`
  const odd = /[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.exec(host)
  return odd === null ? undefined : `invalid character ${JSON.stringify(odd[0])} in host name`
}

const hostname = (host: string) =>
  host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.includes(":") ? host.slice(0, host.indexOf(":")) : host
const portOf = (host: string) => /:([0-9]*)$/.exec(host.startsWith("[") ? host.slice(host.indexOf("]")) : host)?.[1] ?? ""

/** Characters that a path cannot have as they are. */
const escapePath = (path: string) =>
  path.replaceAll(/[^A-Za-z0-9\-._~$&+,/:;=@!'()*%[\]]/gu, (point) =>
    [...Buffer.from(point)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")
  )

const queryOf = (query: string): Value => {
  const found = new Map<string, Array<Value>>()
  for (const part of query.split("&")) {
    if (part === "" || part.includes(";")) continue
    const equal = part.indexOf("=")
    const [key, value] = equal === -1 ? [part, ""] : [part.slice(0, equal), part.slice(equal + 1)]
    const decode = (text: string) => decodeURIComponent(text.replaceAll("+", " "))
    const name = decode(key)
    found.set(name, [...(found.get(name) ?? []), decode(value)])
  }
  return entries([...found].map(([key, values]) => [key, items(values)] as const))
}

const convert = (text: string): Value => {
  const url = parseUrl(text)
  return url instanceof Url ? url : fail(`URL parse error during conversion from string: ${url.message}`)
}

export const overloads: ReadonlyArray<Overload> = [
  define("url(string): url", convert),
  define("isURL(string): bool", (text: string) => parseUrl(text) instanceof Url),
  define("url -> getScheme(): string", ({ parts }: Url) => parts.scheme),
  define("url -> getHost(): string", ({ parts }: Url) => parts.host),
  define("url -> getHostname(): string", ({ parts }: Url) => hostname(parts.host)),
  define("url -> getPort(): string", ({ parts }: Url) => portOf(parts.host)),
  define("url -> getEscapedPath(): string", ({ parts }: Url) => escapePath(parts.path)),
  define("url -> getQuery(): map<string, list<string>>", ({ parts }: Url) => queryOf(parts.query))
]
