/** All routes as nginx's configuration. Pure: the same routes are always the same text. */
import { isIPv6 } from "node:net"
import type { Configuration, Listener, Rule, Server } from "../../../plugins/ingress/contracts/IngressProxy.ts"
import * as Actions from "./Actions.ts"
import * as Certificates from "./Certificates.ts"
import { locations, Maps, type Named } from "./Choices.ts"
import { block, isSound, plain, quoted, regexOf } from "./Text.ts"

export interface Options {
  /** Where it listens. */
  readonly addresses: ReadonlyArray<string>
  /** Where its files lie; certificates in `certificates`, where they are read at each handshake. */
  readonly directory: string
  /** Whom its workers are, where it is root that starts it. */
  readonly user: string | undefined
  /** For `nginx -t`, which listens for a moment at what it may have, and would get connections that it does not take. */
  readonly isTried?: boolean
}

const nameOf = ({ host, labels }: Server) => {
  if (host === "") return undefined
  if (!host.startsWith("*.") || labels === "any") return plain(host.toLowerCase())
  return quoted(`~^[^.]+${regexOf(host.slice(1).toLowerCase())}$`)
}

/** A port may be another nginx' too, so that one can take the place of the other; nginx wants that said once of each. */
const listen = ({ addresses, isTried }: Options, { port, protocol }: Listener, isDefault: boolean) =>
  addresses.map((address) => {
    const shared = isTried === true ? "default_server" : "default_server reuseport"
    const words = [isDefault ? shared : "", protocol === "HTTPS" ? "ssl http2" : ""].filter((word) => word !== "")
    return `listen ${[`${isIPv6(address) ? `[${address}]` : address}:${port}`, ...words].join(" ")};`
  })

interface Whole {
  readonly maps: Maps
  readonly upstreams: Actions.Upstreams
  rules: number
}

const server = (options: Options, whole: Whole, listener: Listener, one: Server) => {
  const name = nameOf(one)
  const about = {
    maps: whole.maps,
    upstreams: whole.upstreams,
    port: listener.port,
    isSecure: listener.protocol === "HTTPS"
  }
  const named = one.rules.map((rule): Named => ({ rule, location: `@keelson_r${whole.rules++}` }))
  return block(
    "server",
    ...listen(options, listener, name === undefined),
    ...(name === undefined ? [] : [`server_name ${name};`]),
    ...(one.certificate === ""
      ? []
      : ["certificate", "certificate_key"].map((what) => `ssl_${what} ${Certificates.pathOf(one.certificate)};`)),
    ...locations(whole.maps, named),
    ...named.flatMap(({ location, rule }) => block(`location ${location}`, ...Actions.lines(about, rule))),
    ...block("location @keelson_none", "return 404;")
  )
}

/** Who is nobody's. */
const stranger = (options: Options, listener: Listener) =>
  block(
    "server",
    ...listen(options, listener, true),
    ...(listener.protocol === "HTTPS" ? ["ssl_reject_handshake on;"] : ["return 404;"])
  )

const common = ({ directory }: Options) => [
  "access_log off;",
  "server_tokens off;",
  "default_type text/plain;",
  "client_max_body_size 0;",
  "client_body_buffer_size 64k;",
  ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${quoted(`${directory}/temp/${name}`)};`
  ),
  "large_client_header_buffers 4 32k;",
  "server_names_hash_bucket_size 512;",
  "server_names_hash_max_size 65536;",
  "variables_hash_max_size 65536;",
  "map_hash_bucket_size 512;",
  "map_hash_max_size 65536;",
  "ssl_protocols TLSv1.2 TLSv1.3;",
  "ssl_session_cache shared:keelson:4m;",
  "ssl_session_timeout 10m;",
  "proxy_http_version 1.1;",
  "proxy_buffering off;",
  "proxy_connect_timeout 5s;",
  "proxy_next_upstream error timeout;",
  `proxy_next_upstream_tries ${Actions.tries};`,
  // Seconds: after them none is tried again.
  "proxy_next_upstream_timeout 10s;",
  ...block("geo $keelson_dollar", 'default "$";'),
  ...Certificates.variables(`${directory}/certificates`),
  ...block("map $http_upgrade $keelson_connection", "default upgrade;", '"" "";'),
  ...block("map $http_x_request_id $keelson_request_id", '"" $request_id;', "default $http_x_request_id;"),
  ...block("map $http_host $keelson_port", 'default "";', '"~(?<keelson_asked>:[0-9]+)$" $keelson_asked;')
]

/** A socket that answers when its workers do. */
const ready = ({ directory }: Options) => block("server", `listen ${quoted(`unix:${directory}/ready.sock`)};`, "return 204;")

/** Of the routes, what nginx cannot be told. */
export const flaw = ({ certificates, listeners }: Configuration): string | undefined => {
  const names = new Set(certificates.map(({ name }) => name))
  const ports = listeners.map(({ port }) => port)
  if (new Set(ports).size !== ports.length) return `two listeners have one port: ${ports.join(", ")}`
  for (const { port, protocol, servers } of listeners) {
    const hosts = servers.map(({ host, labels }) => `${host} ${host.startsWith("*.") ? labels : ""}`)
    if (new Set(hosts).size !== hosts.length) return `two servers of port ${port} have one host`
    for (const { certificate, host, rules } of servers) {
      if (!/^(\*\.)?[A-Za-z0-9._-]*$/.test(host)) return `${JSON.stringify(host)} is no host`
      if (protocol === "HTTPS" && !names.has(certificate)) return `there is no certificate ${JSON.stringify(certificate)}`
      for (const rule of rules) {
        const words = flawOf(rule)
        if (words !== undefined) return `${host || "any host"} ${rule.match.path.value}: ${words}`
      }
    }
  }
  return undefined
}

const stringsOf = (value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsOf) : []
}

const flawOf = (rule: Rule) => {
  if (!rule.match.path.value.startsWith("/")) return "a path begins with a slash"
  if (!stringsOf(rule).every(isSound)) return "there are control characters"
  const [header] = Actions.badHeaders(rule)
  return header === undefined ? undefined : `${JSON.stringify(header)} is no name of a header`
}

export const text = (options: Options, { listeners }: Configuration): string => {
  const whole: Whole = { maps: new Maps(), upstreams: new Actions.Upstreams(), rules: 0 }
  const servers = listeners.flatMap((listener) => [
    ...(listener.servers.some(({ host }) => host === "") ? [] : stranger(options, listener)),
    ...listener.servers.flatMap((one) => server(options, whole, listener, one))
  ])
  const lines = [
    ...(options.user === undefined ? [] : [`user ${options.user};`]),
    "daemon off;",
    "worker_processes auto;",
    "worker_rlimit_nofile 65536;",
    "worker_shutdown_timeout 1h;",
    "error_log stderr warn;",
    `pid ${quoted(`${options.directory}/nginx.pid`)};`,
    ...block("events", "worker_connections 16384;"),
    ...block("http", ...common(options), ...whole.upstreams.lines, ...whole.maps.lines, ...ready(options), ...servers)
  ]
  return `${lines.join("\n")}\n`
}
