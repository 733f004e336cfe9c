/**
 * What lets HTTP into a cluster at a node. What Ingresses and Gateways ask for is decided by the controller (classes, precedence,
 * references, certificates); a proxy serves the routes that come of it, such as by nginx. It shares its ports with others of its user
 * (`SO_REUSEPORT`), so that one can take the place of another while both listen; one that does not is started when that has ended.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Int, Literal, Literals, String: Text, Struct, Union, optionalKey } = Schema

const NameValue = Struct({ name: Text, value: Text })

/** Of a header or of a parameter of the query. A regular expression is one of PCRE, and stands for the whole value. */
export const Condition = Struct({ name: Text, type: Literals(["Exact", "RegularExpression"]), value: Text })
export type Condition = typeof Condition.Type

/** All of it has to be so. */
export const Match = Struct({
  /** `Prefix`: whole elements of the path; `/a` has `/a`, `/a/` and `/a/b`, and not `/ab`. */
  path: Struct({ type: Literals(["Exact", "Prefix"]), value: Text }),
  method: optionalKey(Text),
  headers: List(Condition),
  query: List(Condition)
})
export type Match = typeof Match.Type

/** `add` comes behind the values that are there. */
export const HeaderChange = Struct({ set: List(NameValue), add: List(NameValue), remove: List(Text) })
export type HeaderChange = typeof HeaderChange.Type

/** `Prefix` stands in place of what the rule's match has matched of the path. */
const PathChange = Struct({ type: Literals(["Full", "Prefix"]), value: Text })
export type PathChange = typeof PathChange.Type

const Target = Struct({ address: Text, port: Int })

export const Backend = Struct({
  /** For people: `namespace/service:port`. */
  name: Text,
  /** Its share of the requests, beside those of the others. */
  weight: Int,
  targets: List(Target),
  /** What is answered in its place where it has no targets, such as 503. */
  otherwise: Int
})
export type Backend = typeof Backend.Type

export const Forward = Struct({
  type: Literal("Forward"),
  backends: List(Backend),
  requestHeaders: HeaderChange,
  responseHeaders: HeaderChange,
  host: optionalKey(Text),
  path: optionalKey(PathChange),
  /** How long a backend may take; then 504. */
  timeoutMillis: optionalKey(Int)
})
export type Forward = typeof Forward.Type

/** What is absent stays as it was asked for; without a port that of the scheme, if there is one, else that asked for. */
export const Redirect = Struct({
  type: Literal("Redirect"),
  status: Int,
  scheme: optionalKey(Literals(["http", "https"])),
  host: optionalKey(Text),
  port: optionalKey(Int),
  path: optionalKey(PathChange)
})
export type Redirect = typeof Redirect.Type

const Respond = Struct({ type: Literal("Respond"), status: Int })

export const Rule = Struct({ match: Match, action: Union([Forward, Redirect, Respond]) })
export type Rule = typeof Rule.Type

export const Server = Struct({
  /** `shop.example`; `*.example` for all below it; empty for every other. The one that says most serves a request. */
  host: Text,
  /** How many labels the asterisk stands for. */
  labels: Literals(["one", "any"]),
  /** The name of the certificate that is shown for the host. Empty where the listener is no HTTPS. */
  certificate: Text,
  /** The first that matches answers; if none does, 404. */
  rules: List(Rule)
})
export type Server = typeof Server.Type

export const Listener = Struct({ port: Int, protocol: Literals(["HTTP", "HTTPS"]), servers: List(Server) })
export type Listener = typeof Listener.Type

/** PEM texts; the chain begins with the certificate itself. */
export const Certificate = Struct({ name: Text, chain: Text, key: Text })
export type Certificate = typeof Certificate.Type

export const Configuration = Struct({ listeners: List(Listener), certificates: List(Certificate) })
export type Configuration = typeof Configuration.Type

/** It cannot be served so. What was served before is served on; the next `sync` tries all of it anew. */
export class NotConfigured extends Schema.TaggedError<NotConfigured>()("NotConfigured", { reason: Text }) {
  override get message() {
    return `the routes are not served: ${this.reason}`
  }
}

export class IngressProxy extends Contract.make<IngressProxy>()(
  "ingress/IngressProxy",
  {
    version: "1.0.0",
    laws: {
      "host/exact": "A request is served by the server of its host, whatever the case and the port behind it.",
      "host/wildcard":
        "A wildcard stands for one label or for any number, as it says, and the host itself is no part of it.",
      "host/other": "The server without a host serves all hosts that no other has; without one they get 404.",
      "path/exact": "An exact path is that path and no other, also if one of them ends with a slash.",
      "path/prefix": "A prefix is whole elements of the path.",
      "path/order":
        "The first rule that matches answers; a rule whose conditions do not hold leaves the request to the next.",
      "path/as-asked": "Path and query reach the backend as they were sent, letter for letter.",
      "match/method": "A rule with a method has requests of that method alone.",
      "match/header": "A rule with headers has requests that have all of them, by the value or by the regular expression.",
      "match/query": "A rule with parameters of the query has requests that have all of them.",
      "backend/weights": "Requests are shared among backends by their weights; one of weight 0 gets none.",
      "backend/none": "In place of a backend without targets its status is answered.",
      "backend/dead": "A target that refuses connections costs no request where another one answers.",
      "backend/slow": "A backend that takes longer than it may is given up with 504.",
      "respond/status": "A rule that responds does so with its status.",
      "redirect/parts": "A redirect leads to the parts that it names, and to those asked for in place of the others.",
      "rewrite/host": "A host that is rewritten is what the backend sees.",
      "rewrite/path": "A path is replaced as a whole, or the prefix that was matched is.",
      "headers/request": "Headers of the request are set, added and removed for the backend.",
      "headers/response": "Headers of the response are set, added and removed for who asked.",
      "headers/forwarded":
        "The backend is told who asks, by what scheme and for which host, in X-Forwarded-For, -Proto and -Host.",
      "tls/names": "Each host is shown its own certificate, and served over HTTP/1.1 and HTTP/2.",
      "tls/unknown": "A host that no server of an HTTPS listener has gets no handshake.",
      "tls/changed":
        "A certificate that is changed is shown from then on; no request fails meanwhile, and connections stay open.",
      "stream/upgrade": "A connection that is upgraded carries bytes both ways, and goes on while routes change.",
      "stream/parts": "A response reaches who asked as it is sent, and a body of many megabytes reaches the backend.",
      "sync/whole": "What a configuration does not have is served no more, its port is free.",
      "sync/load": "While routes change no request is refused or cut, also one that was under way before.",
      "sync/broken": "What cannot be served is refused with a reason, and what was served before is served on.",
      "sync/again": "The same again changes nothing: connections that are kept stay.",
      "sync/shared": "Its ports may be another's too (SO_REUSEPORT): either serves before the other ends.",
      "life/again": "If what serves dies, it is started again with the same routes.",
      "remove/nothing": "Removing leaves nothing: no port, no process; it succeeds however often."
    },
    optional: ["sync/shared"]
  },
  Contract.method("describe", {
    doc: "What serves, and its version.",
    success: Struct({ name: Text, version: Text }),
    errors: []
  }),
  Contract.method("sync", {
    doc: "Serves these routes and no others; it is over when new requests are served by them.",
    payload: Configuration.fields,
    errors: [NotConfigured]
  }),
  Contract.method("health", {
    doc: "Whether it serves what it was last given; if not, `detail` says what is amiss.",
    success: Struct({ ready: Schema.Boolean, detail: Text, restarts: Int }),
    errors: []
  }),
  Contract.method("remove", { doc: "Serves nothing any more, and takes everything back.", errors: [] })
) {}
