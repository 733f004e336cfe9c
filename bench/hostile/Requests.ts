/** Hostile requests, drawn from a seed: each a way to hurt a server that takes its input for what it should be. */
import type { Random } from "../../conformance/kubernetes-api/Random.ts"
import { samples } from "./Samples.ts"
import * as Values from "./Values.ts"

export interface Request {
  /** For people. */
  readonly what: string
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: Buffer
}

type Make = (random: Random) => Request

const json = "application/json"
const configMaps = "/api/v1/namespaces/default/configmaps"
const sampleOf = (random: Random) => random.some(samples) ?? { path: configMaps, object: {} }

/** What might be sound after all changes nothing. */
const dry = (path: string) => `${path}${path.includes("?") ? "&" : "?"}dryRun=All`

const bodies: Make = (random) => {
  const { object, path } = sampleOf(random)
  const validation = random.pick(["", "&fieldValidation=Strict", "&fieldValidation=Warn", "&fieldValidation=Ignore"])
  const headers = { "content-type": random.pick([json, json, json, "application/yaml"]) }
  return { what: "body", method: "POST", path: `${dry(path)}${validation}`, headers, body: Values.body(random, object) }
}

const anchors = (random: Random) => {
  const levels = Array.from({ length: 2 + random.int(12) }, (_, level) =>
    level === 0
      ? "a0: &a0 [x,x,x,x,x,x,x,x,x]"
      : `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(",")}]`
  )
  return levels.join("\n")
}
const yamls: Make = (random) => {
  const text = random.pick<() => string>([
    () => anchors(random),
    () => "a: &a\n  b: *a\n",
    () => "!!js/function 'function(){}'",
    () => "metadata: !!binary aGk=\n<<: *x",
    () => `${"- ".repeat(1 + random.int(5000))}x`,
    () => `${"{a: ".repeat(1 + random.int(3000))}x`,
    () => `? ${"[".repeat(random.int(200))}\n: y`,
    () => "--- \n---\n...\n%YAML 9.9\n",
    () => "\t- x: |\n\t\ty",
    () => `metadata:\n  name: ${Values.any(random).slice(0, 5000)}\n__proto__: {a: b}\n`
  ])()
  const isApply = random.chance(0.5)
  const type = isApply ? "application/apply-patch+yaml" : "application/yaml"
  const path = isApply ? dry(`${configMaps}/hostile?fieldManager=x`) : dry(configMaps)
  return {
    what: "yaml",
    method: isApply ? "PATCH" : "POST",
    path,
    headers: { "content-type": type },
    body: Buffer.from(text)
  }
}

const pointers = [
  "/__proto__/polluted",
  "/constructor/prototype/polluted",
  "/data/-",
  "/metadata/labels/~2",
  "",
  "/",
  "//",
  "a"
]
const step = (random: Random): unknown => {
  const path = random.chance(0.2)
    ? "/a".repeat(random.int(5000))
    : `${random.some(pointers)}${random.chance(0.2) ? "/1e9" : ""}`
  const op = random.pick(["add", "remove", "replace", "move", "copy", "test", "__proto__", "", "ADD"])
  return random.chance(0.1)
    ? random.pick([null, 1, "x", [], {}])
    : { op, path, from: random.some(pointers), value: { a: 1 } }
}
const patches: Make = (random) => {
  const { object } = sampleOf(random)
  const [type, body] = random.pick<() => readonly [string, Buffer]>([
    () => ["json-patch+json", Buffer.from(JSON.stringify(Array.from({ length: random.int(20) }, () => step(random))))],
    () => [
      "json-patch+json",
      Buffer.from(JSON.stringify(Array(random.int(30_000)).fill({ op: "copy", from: "", path: "/data/a" })))
    ],
    () => ["merge-patch+json", Values.body(random, object)],
    () => ["strategic-merge-patch+json", Values.body(random, object)],
    () => [
      "strategic-merge-patch+json",
      Buffer.from(
        `{"data":{"$patch":${Values.any(random)}},"$retainKeys":${Values.any(random)},"$deleteFromPrimitiveList/x":${Values.any(random)}}`
      )
    ],
    () => [
      "apply-patch+yaml",
      Values.body(random, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "there" }, data: { a: "b" } })
    ],
    () => [random.pick(["cbor", "json", "x", "apply-patch+cbor"]), Values.body(random, object)]
  ])()
  const subresource = random.pick(["", "", "", "/status", "/scale", "/__proto__"])
  const path = `${configMaps}/there${subresource}?fieldManager=${random.pick(["x", "x", "", "%00", "x".repeat(500)])}`
  return { what: "patch", method: "PATCH", path: dry(path), headers: { "content-type": `application/${type}` }, body }
}

const segments = [
  ...[
    "__proto__",
    "constructor",
    "toString",
    "%00",
    "%",
    "%zz",
    "..",
    ".",
    "%2e%2e",
    "%2f",
    "",
    "watch",
    "namespaces",
    "default"
  ],
  ...[
    "pods",
    "v1",
    "apps",
    "configmaps",
    "status",
    "proxy",
    "log",
    "🚢",
    "%F0%9F",
    "a".repeat(300),
    "A B",
    "*",
    "?",
    ";",
    "\\"
  ]
]
const paths: Make = (random) => {
  const start = random.pick([
    "/api",
    "/apis",
    "/api/v1",
    "/apis/apps/v1",
    "/api/v1/namespaces",
    "/openapi/v3",
    "/as-of",
    "",
    "/readyz"
  ])
  const rest = Array.from({ length: 1 + random.int(8) }, () => random.some(segments)).join("/")
  const method = random.pick(["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
  const path = encodeURI(`${start}/${rest}`).replaceAll("%25", "%")
  return { what: "path", method, path: `${path}?dryRun=All&timeoutSeconds=1`, headers: {} }
}

const words = [
  ...[
    "labelSelector",
    "fieldSelector",
    "limit",
    "continue",
    "resourceVersion",
    "resourceVersionMatch",
    "timeoutSeconds",
    "watch"
  ],
  ...[
    "sendInitialEvents",
    "allowWatchBookmarks",
    "dryRun",
    "fieldManager",
    "fieldValidation",
    "force",
    "pretty",
    "includeObject"
  ],
  ...[
    "propagationPolicy",
    "gracePeriodSeconds",
    "orphanDependents",
    "__proto__",
    "container",
    "command",
    "tailLines",
    "follow"
  ]
]
const garbage = (random: Random): string =>
  random.pick([
    () =>
      encodeURIComponent(
        Values.any(random)
          .slice(0, 3000)
          .replace(/[\ud800-\udfff]/g, "")
      ),
    () =>
      random.pick([
        "%",
        "%zz",
        "-1",
        "abc",
        "1e9",
        "a==b,,",
        "a in (",
        "!!a",
        "metadata.name=",
        "x=y=z",
        "true",
        "=",
        ",",
        "a,b notin"
      ]),
    () => Buffer.from(Values.any(random).slice(0, 1000)).toString("base64url")
  ])()
const queries: Make = (random) => {
  const [method, path] = random.pick<readonly [string, string]>([
    ["GET", "/api/v1/pods"],
    ["GET", configMaps],
    ["DELETE", `${configMaps}/none`],
    ["POST", configMaps],
    ["GET", "/api/v1/namespaces/default/pods/none/log"],
    ["GET", "/apis/apps/v1/deployments"]
  ])
  const query = Array.from({ length: 1 + random.int(4) }, () => `${random.some(words)}=${garbage(random)}`).join("&")
  return { what: "query", method, path: `${path}?${query}&timeoutSeconds=1`, headers: {} }
}

const names = [
  ...[
    "accept",
    "content-type",
    "authorization",
    "impersonate-user",
    "impersonate-group",
    "impersonate-extra-%zz",
    "user-agent"
  ],
  ...[
    "x-forwarded-for",
    "content-encoding",
    "if-none-match",
    "expect",
    "range",
    "origin",
    "x-remote-user",
    "accept-encoding"
  ]
]
const values = [
  ...[
    "",
    ";;;",
    "application/json;as=Table;v=v9;g=meta.k8s.io",
    "application/json;q=abc",
    "*/*;*",
    "Bearer ",
    "Bearer a.b.c",
    "Basic eA=="
  ],
  ...[
    "application/vnd.kubernetes.protobuf",
    "text/html",
    "__proto__",
    "gzip, deflate, br",
    "application/cbor",
    "\u00ff\u00fe",
    "a".repeat(9000)
  ]
]
const headers: Make = (random) => {
  const given = Array.from(
    { length: 1 + random.int(4) },
    () => [random.some(names) ?? "accept", random.some(values) ?? ""] as const
  )
  const isWrite = random.chance(0.5)
  return {
    what: "header",
    method: isWrite ? "POST" : "GET",
    path: dry(isWrite ? configMaps : "/api/v1/namespaces/default/pods/none"),
    headers: Object.fromEntries(given),
    ...(isWrite && { body: Buffer.from("{") })
  }
}

const magic = Buffer.from("k8s\0")
/** A field of protobuf with a length that may be a lie. */
const field = (random: Random, inner: Buffer): Buffer => {
  const tag = (random.int(16) << 3) | random.pick([2, 2, 2, 0, 1, 3, 4, 5, 7])
  const lie = random.chance(0.2) ? [0xff, 0xff, 0xff, 0xff, 0x7f] : [(inner.length & 0x7f) | 0x80, inner.length >> 7]
  return Buffer.concat([Buffer.from([tag, ...lie]), inner])
}
const typeMeta = Buffer.from([0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, ...Buffer.from("ConfigMap")])
const messages: Make = (random) => {
  let inner = Values.bytes(random, random.int(200))
  for (let depth = random.int(random.chance(0.05) ? 3000 : 8); depth > 0; depth--) inner = field(random, inner)
  const whole = Buffer.concat([
    ...(random.chance(0.9) ? [magic] : []),
    typeMeta,
    Buffer.from([0x12]),
    field(random, inner).subarray(1)
  ])
  const body = random.chance(0.3)
    ? Buffer.concat([magic, inner])
    : random.chance(0.2)
      ? spoiledMessage(random, whole)
      : whole
  const method = random.pick(["POST", "PUT", "DELETE"])
  const path = method === "POST" ? configMaps : `${configMaps}/there`
  return {
    what: "protobuf",
    method,
    path: dry(path),
    headers: { "content-type": "application/vnd.kubernetes.protobuf" },
    body
  }
}
const spoiledMessage = (random: Random, bytes: Buffer) => Values.spoiled(random, bytes)

const cbors: Make = (random) => {
  const body = random.pick([
    () => Values.bytes(random, random.int(300)),
    () => Buffer.concat([Buffer.from([0xd9, 0xd9, 0xf7]), Values.bytes(random, random.int(300))]),
    () => Buffer.from([0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    () => Buffer.alloc(1 + random.int(100_000), 0x81),
    () => Buffer.alloc(1 + random.int(1000), 0xa1),
    () => Buffer.from([0xd9, 0xd9, 0xf7, 0xa1, 0x49, ...Buffer.from("__proto__"), 0xa1, 0x41, 0x61, 0x01])
  ])()
  return { what: "cbor", method: "POST", path: dry(configMaps), headers: { "content-type": "application/cbor" }, body }
}

const options: Make = (random) => {
  const object = {
    kind: "DeleteOptions",
    apiVersion: "v1",
    gracePeriodSeconds: 1,
    preconditions: { uid: "x" },
    dryRun: ["All"]
  }
  const path = random.pick([`${configMaps}/none`, dry(configMaps), "/api/v1/namespaces/none", "/api/v1/nodes/none"])
  return {
    what: "delete",
    method: "DELETE",
    path: dry(path),
    headers: { "content-type": json },
    body: Values.body(random, object)
  }
}

/** What each is drawn, and how often among the others. */
const kinds: ReadonlyArray<readonly [Make, number]> = [
  [bodies, 30],
  [patches, 20],
  [paths, 12],
  [queries, 10],
  [messages, 8],
  [yamls, 6],
  [headers, 5],
  [cbors, 4],
  [options, 5]
]
const urn = kinds.flatMap(([make, weight]) => Array<Make>(weight).fill(make))

export const draw = (random: Random): Request => (random.some(urn) ?? bodies)(random)
