/** What becomes of a request, as the lines of a location of nginx's. */
import { isIPv6 } from "node:net"
import type {
  Backend,
  Forward,
  HeaderChange,
  Match,
  PathChange,
  Redirect,
  Rule
} from "../../../plugins/ingress/contracts/IngressProxy.ts"
import type { Maps } from "./Choices.ts"
import { block, headerVariable, isHeader, literal, quoted, regexOf } from "./Text.ts"

/** How often a request is tried that got no answer: while Pods are replaced, half of the targets or more may refuse it. */
export const tries = 8

/** Where backends are, each once. */
export class Upstreams {
  readonly lines: Array<string> = []
  private readonly known = new Map<string, string>()

  add({ targets }: Backend) {
    const servers = targets.map(
      ({ address, port }) => `server ${isIPv6(address) ? `[${address}]` : address}:${port} max_fails=0;`
    )
    // The address of a Service stands for many: who is refused there is led elsewhere by chance, so it is tried as often as may be.
    const all = servers.length === 1 ? Array.from({ length: tries }, () => servers[0] ?? "") : servers
    return this.once("upstream", "u", all)
  }

  /** By chance, in parts of a whole: nginx takes hundredths of a percent. */
  split(parts: ReadonlyArray<{ readonly weight: number; readonly value: string }>) {
    const whole = parts.reduce((sum, { weight }) => sum + weight, 0)
    const lines = parts.map(({ value, weight }, index) =>
      index === parts.length - 1 ? `* ${value};` : `${((100 * weight) / whole).toFixed(2)}% ${value};`
    )
    return `$${this.once('split_clients "$request_id"', "$keelson_split_", lines).slice(1)}`
  }

  private once(head: string, prefix: string, lines: ReadonlyArray<string>) {
    const text = JSON.stringify([head, lines])
    const known = this.known.get(text)
    if (known !== undefined) return known
    const name = `${prefix === "u" ? "keelson_u" : prefix}${this.known.size}`
    this.known.set(text, name)
    this.lines.push(...block(`${head} ${name}`, ...lines))
    return name
  }
}

/** Between other letters. */
const braced = (variable: string) => `\${${variable.slice(1)}}`

export interface About {
  readonly maps: Maps
  readonly upstreams: Upstreams
  readonly port: number
  readonly isSecure: boolean
}

/** What every backend is told. Headers that the rule says something about are its own. */
const told = (host: string): ReadonlyArray<readonly [string, string]> => [
  ["Host", host],
  ["X-Real-IP", '"$remote_addr"'],
  ["X-Forwarded-For", '"$proxy_add_x_forwarded_for"'],
  ["X-Forwarded-Host", '"$http_host"'],
  ["X-Forwarded-Port", '"$server_port"'],
  ["X-Forwarded-Proto", '"$scheme"'],
  ["X-Request-ID", '"$keelson_request_id"'],
  ["Upgrade", '"$http_upgrade"'],
  ["Connection", '"$keelson_connection"']
]

const requestHeaders = ({ maps }: About, host: string | undefined, { add, remove, set }: HeaderChange) => {
  const values = new Map<string, readonly [string, string]>()
  const put = (name: string, value: string) => values.set(name.toLowerCase(), [name, value])
  for (const [name, value] of told(host === undefined ? '"$http_host"' : literal(host))) put(name, value)
  for (const name of remove) put(name, '""')
  for (const { name, value } of set) put(name, literal(value))
  for (const { name, value } of add) {
    const behind = literal(value).slice(1, -1)
    const there = values.get(name.toLowerCase())?.[1]
    if (there !== undefined) put(name, `"${there.slice(1, -1)},${behind}"`)
    else {
      const now = headerVariable(name)
      put(name, `"${braced(maps.add(now, ['"" "";', `default "${now},";`]))}${behind}"`)
    }
  }
  return [...values.values()].map(([name, value]) => `proxy_set_header ${name} ${value};`)
}

const responseHeaders = ({ add, remove, set }: HeaderChange) => [
  ...[...remove, ...set.map(({ name }) => name)].map((name) => `proxy_hide_header ${name};`),
  ...[...set, ...add].map(({ name, value }) => `add_header ${name} ${literal(value)} always;`)
]

/** The path as nginx's `rewrite` makes it of the one that was asked for. */
const rewritten = (match: Match, change: PathChange) => {
  if (change.type === "Full") return [`rewrite ^ ${literal(change.value)} break;`]
  const { prefix, to } = parts(match, change)
  // What is behind the prefix begins with a slash, unless nothing is.
  return [
    `rewrite ${quoted(`^${prefix}/(.*)$`)} "${to}/$1" break;`,
    `rewrite ${quoted(`^${prefix}$`)} "${to || "/"}" break;`
  ]
}

const unslashed = (path: string) => path.replace(/\/+$/, "")
/** What is matched, and what stands in its place, in which nothing is a variable. */
const parts = ({ path }: Match, { value }: PathChange) => ({
  prefix: regexOf(unslashed(path.value)),
  to: literal(unslashed(value)).slice(1, -1)
})

/** What a share of the requests comes to: a place to ask, or a status. */
const valueOf = (upstreams: Upstreams, backend: Backend) =>
  backend.targets.length === 0 ? `"!${backend.otherwise}"` : upstreams.add(backend)

const forward = (about: About, match: Match, action: Forward) => {
  const backends = action.backends.filter(({ weight }) => weight > 0)
  const values = backends.map((backend) => ({ weight: backend.weight, value: valueOf(about.upstreams, backend) }))
  const [only] = values
  if (only === undefined) return ["return 500;"]
  const refused = [...new Set(backends.filter(({ targets }) => targets.length === 0).map(({ otherwise }) => otherwise))]
  if (backends.length === 1 && refused[0] !== undefined) return [`return ${refused[0]};`]
  const to = values.length === 1 ? only.value : about.upstreams.split(values)
  return [
    ...refused.flatMap((status) => block(`if (${to} = "!${status}")`, `return ${status};`)),
    ...requestHeaders(about, action.host, action.requestHeaders),
    ...responseHeaders(action.responseHeaders),
    ...(action.timeoutMillis === undefined
      ? []
      : ["read", "send"].map((way) => `proxy_${way}_timeout ${action.timeoutMillis}ms;`)),
    ...(action.path === undefined ? [] : rewritten(match, action.path)),
    `proxy_pass http://${to};`
  ]
}

const ports = { http: 80, https: 443 }

const redirect = (about: About, match: Match, { host, path, port, scheme, status }: Redirect) => {
  const asked = about.isSecure ? "https" : "http"
  const to = scheme ?? asked
  const number = port ?? (scheme === undefined ? undefined : ports[scheme])
  const suffix = number === undefined ? "$keelson_port" : number === ports[to] ? "" : `:${number}`
  const where = `${to}://${host === undefined ? "$host" : literal(host).slice(1, -1)}${suffix}`
  if (path === undefined) return [`return ${status} "${where}$request_uri";`]
  // Never the decoded path: it may have ends of lines in it, which would begin headers of whoever sent it.
  const leads = (to: string) => `return ${status} "${where}${to}$is_args$args";`
  if (path.type === "Full") return [leads(literal(path.value).slice(1, -1))]
  const { prefix, to: own } = parts(match, path)
  return [
    ...block(`if ($request_uri ~ ${quoted(`^${prefix}/(?<keelson_rest>[^?]*)`)})`, leads(`${own}/$keelson_rest`)),
    leads(own || "/")
  ]
}

export const lines = (about: About, { action, match }: Rule): ReadonlyArray<string> => {
  if (action.type === "Respond") return [`return ${action.status};`]
  return action.type === "Redirect" ? redirect(about, match, action) : forward(about, match, action)
}

/** Names of headers that nginx cannot write. */
export const badHeaders = ({ action }: Rule): ReadonlyArray<string> => {
  if (action.type !== "Forward") return []
  const names = ({ add, remove, set }: HeaderChange) => [...[...set, ...add].map(({ name }) => name), ...remove]
  return [...names(action.requestHeaders), ...names(action.responseHeaders)].filter((name) => !isHeader(name))
}
