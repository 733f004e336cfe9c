/** Server-side apply: several managers, force, ownership that goes from one to another, and from client-side apply. */
import { fields, type Json, type JsonObject, set } from "../Json.ts"
import type { Make, World } from "../Plan.ts"
import type { Random } from "../Random.ts"
import * as Rich from "../Rich.ts"
import { on, type Past, type Request, type Step, step } from "../Scenario.ts"

interface Bench {
  readonly object: JsonObject
  readonly create: (body?: JsonObject, manager?: string) => Request
  readonly apply: (manager: string, body: JsonObject | string, query?: { readonly [name: string]: string }) => Request
  readonly merge: (manager: string, body: JsonObject, part?: string) => Request
  readonly json: (manager: string, body: ReadonlyArray<Json>) => Request
  readonly put: (manager: string, body: JsonObject) => Request
  readonly get: () => Request
  /** Only what names it, and these. */
  readonly only: (more: JsonObject) => JsonObject
}

const bench = (object: JsonObject): Bench => {
  const collection = on(Rich.pathOf(object))
  const path = `${Rich.pathOf(object)}/${Rich.nameOf(object)}`
  const one = on(path)
  const { apiVersion = "", kind = "" } = object
  return {
    object,
    create: (body = object, fieldManager = "maker") => collection.post(body, { fieldManager }),
    apply: (fieldManager, body, query = {}) => one.patch("apply", body, { fieldManager, ...query }),
    merge: (fieldManager, body, part = "") => on(`${path}${part}`).patch("merge", body, { fieldManager }),
    json: (fieldManager, body) => one.patch("json", body, { fieldManager }),
    put: (fieldManager, body) => one.put(body, { fieldManager }),
    get: () => one.get(),
    only: ({ metadata, ...more }) => ({
      apiVersion,
      kind,
      metadata: { name: Rich.nameOf(object), ...fields(metadata) },
      ...more
    })
  }
}

type Steps = (bench: Bench, world: World) => ReadonlyArray<readonly [string, Request | ((past: Past) => Request)]>

const scenario =
  (title: string, kind: typeof Rich.deployment, steps: Steps): Make =>
  (world) => {
    const object = kind(world)
    const all = steps(bench(object), world).map(([name, request]): Step => step(name, request))
    return { name: `apply/${title}`, about: String(object["kind"]), namespace: world.namespace, steps: all }
  }

const inPod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } })
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

export const fixed: ReadonlyArray<Make> = [
  scenario("create and again", Rich.deployment, ({ apply, get, object }) => [
    ["apply", apply("a", object)],
    ["same again", apply("a", object)],
    ["same by another", apply("b", object)],
    ["get", get()]
  ]),
  scenario("conflict, then force", Rich.deployment, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    ["another value", apply("b", only({ spec: { replicas: 5 } }))],
    ["dry", apply("b", only({ spec: { replicas: 5 } }), { force: "true", dryRun: "All" })],
    ["forced", apply("b", only({ spec: { replicas: 5 } }), { force: "true" })],
    ["the first again", apply("a", object)],
    ["the first without it", apply("a", fields(set(object, ["spec", "replicas"], undefined)))],
    ["the second without it", apply("b", only({}))],
    ["get", get()]
  ]),
  scenario("conflicts with several", Rich.deployment, ({ apply, merge, object, only }) => [
    ["apply", apply("a", object)],
    ["another", apply("b", only({ metadata: { labels: { app: "a" } }, spec: { paused: true } }))],
    ["a patch", merge("c", { metadata: { annotations: { note: "2" } } })],
    ["a status", merge("d", { status: { replicas: 1 } }, "/status")],
    [
      "against all",
      apply(
        "e",
        only({ metadata: { labels: { app: "z" }, annotations: { note: "3" } }, spec: { paused: false, replicas: 9 } })
      )
    ],
    ["against the status", apply("e", only({ status: { replicas: 2 } }))]
  ]),
  scenario("fields that are left out go", Rich.deployment, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    ["shared", apply("b", only(inPod({ containers: [{ name: "main", env: [{ name: "A", value: "1" }] }] })))],
    ["without env", apply("a", fields(set(object, ["spec", "template", "spec", "containers", 0, "env"], undefined)))],
    ["without side", apply("a", fields(set(object, ["spec", "template", "spec", "containers", 1], undefined)))],
    ["without volumes", apply("a", fields(set(object, ["spec", "template", "spec", "volumes"], [])))],
    ["without labels", apply("a", fields(set(object, ["metadata", "labels"], undefined)))],
    ["get", get()]
  ]),
  scenario("lists by several keys", Rich.service, ({ apply, get, only, object }) => [
    ["apply", apply("a", object)],
    ["one port's target", apply("b", only({ spec: { ports: [{ port: 53, protocol: "TCP", targetPort: 5353 }] } }))],
    ["the default key", apply("b", only({ spec: { ports: [{ port: 80, name: "http" }] } }))],
    ["twice", apply("b", only({ spec: { ports: [{ port: 80 }, { port: 80, protocol: "TCP" }] } }))],
    ["without its key", apply("b", only({ spec: { ports: [{ name: "x" }] } }))],
    ["a selector is atomic", apply("b", only({ spec: { selector: { app: "b" } } }))],
    ["forced", apply("b", only({ spec: { selector: { app: "b" } } }), { force: "true" })],
    ["get", get()]
  ]),
  scenario("sets", Rich.configMap, ({ apply, get, merge, only }) => [
    ["finalizers", apply("a", only({ metadata: { finalizers: ["example.com/a", "example.com/b"] } }))],
    ["more", apply("b", only({ metadata: { finalizers: ["example.com/b", "example.com/c"] } }))],
    ["a patch", merge("c", { metadata: { finalizers: ["example.com/c", "example.com/a", "example.com/b"] } })],
    ["less", apply("a", only({ metadata: { finalizers: ["example.com/a"] } }))],
    ["twice", apply("a", only({ metadata: { finalizers: ["example.com/a", "example.com/a"] } }))],
    ["none", apply("a", only({}))],
    ["none of b", apply("b", only({}))],
    ["get", get()],
    ["away", merge("c", { metadata: { finalizers: null } })]
  ]),
  scenario("atomic lists", Rich.role, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    ["other rules", apply("b", only({ rules: [{ apiGroups: ["x"], resources: ["y"], verbs: ["z"] }] }))],
    ["forced", apply("b", only({ rules: [{ apiGroups: ["x"], resources: ["y"], verbs: ["z"] }] }), { force: "true" })],
    ["empty", apply("b", only({ rules: [] }))],
    ["get", get()]
  ]),
  scenario("maps", Rich.configMap, ({ apply, get, merge, only }) => [
    ["apply", apply("a", only({ data: { a: "1", b: "2" } }))],
    ["another's key", apply("b", only({ data: { c: "3" } }))],
    ["both's key", apply("b", only({ data: { c: "3", a: "1" } }))],
    ["changed by a patch", merge("c", { data: { a: "9" } })],
    ["a again", apply("a", only({ data: { a: "1", b: "2" } }))],
    ["without a", apply("a", only({ data: { b: "2" } }))],
    ["nothing", apply("a", only({}))],
    ["null", apply("a", only({ data: null }))],
    ["a null value", apply("a", only({ data: { x: null } }))],
    ["empty", apply("a", only({ data: {} }))],
    ["get", get()]
  ]),
  scenario("updates take over", Rich.deployment, ({ apply, get, object, only, put, merge }) => [
    ["apply", apply("a", object)],
    ["update", put("u", fields(set(object, ["spec", "replicas"], 8)))],
    ["update to the same", put("v", fields(set(object, ["spec", "replicas"], 8)))],
    ["a patch removes", merge("m", { spec: { template: { spec: { nodeSelector: null } } } })],
    ["a again", apply("a", object)],
    ["a again, forced", apply("a", object, { force: "true" })],
    ["of the patcher's name", apply("m", only({ metadata: { labels: { m: "1" } } }))],
    ["get", get()]
  ]),
  scenario("without managed fields", Rich.deployment, ({ apply, create, get, json, merge, only }) => [
    ["create", create()],
    ["emptied", json("x", [{ op: "replace", path: "/metadata/managedFields", value: [] }])],
    ["patched", merge("m", { metadata: { labels: { m: "1" } } })],
    ["apply", apply("a", only({ spec: { replicas: 3, paused: true } }))],
    ["get", get()]
  ]),
  scenario("from client-side apply", Rich.deployment, ({ apply, create, get, json, object, put }) => {
    const annotated = fields(set(object, ["metadata", "annotations", lastApplied], JSON.stringify(object)))
    const next = fields(set(object, ["spec", "replicas"], 4))
    return [
      ["create", create(annotated, "kubectl-client-side-apply")],
      ["changed by its owner", put("kubectl-client-side-apply", fields(set(annotated, ["metadata", "labels", "x"], "y")))],
      ["apply", apply("kubectl", next)],
      ["apply again", apply("kubectl", next)],
      ["by another", apply("b", next)],
      [
        "kubectl takes the fields",
        (past) =>
          json("kubectl", [
            { op: "replace", path: "/metadata/managedFields", value: past.of("apply", "metadata", "managedFields") ?? [] },
            { op: "replace", path: "/metadata/resourceVersion", value: past.version("apply again") }
          ])
      ],
      ["get", get()]
    ]
  }),
  scenario("wrong ones", Rich.deployment, ({ apply, get, object, only }) => [
    ["without a manager", { ...apply("", object), path: apply("", object).path.replace(/[?]fieldManager=$/, "") }],
    ["without a kind", apply("a", { metadata: { name: "x" } })],
    ["another kind", apply("a", { ...object, kind: "Pod" })],
    ["another version", apply("a", { ...object, apiVersion: "apps/v1beta1" })],
    ["another name", apply("a", fields(set(object, ["metadata", "name"], "other")))],
    ["another namespace", apply("a", fields(set(object, ["metadata", "namespace"], "other")))],
    ["managed fields", apply("a", fields(set(object, ["metadata", "managedFields"], [])))],
    ["no YAML", apply("a", "a: [")],
    ["a list", apply("a", "[]")],
    ["empty", apply("a", "")],
    ["YAML", apply("a", `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: "${Rich.nameOf(object)}"}\n`)],
    ["an unknown field", apply("a", only({ spec: { nope: 1 } }))],
    ["an unknown field, ignored", apply("a", only({ spec: { nope: 1 } }), { fieldValidation: "Ignore" })],
    ["a wrong type", apply("a", only({ spec: { replicas: "x" } }))],
    ["a wrong value", apply("a", fields(set(object, ["spec", "replicas"], -1)))],
    ["uid", apply("a", fields(set(object, ["metadata", "uid"], "x")))],
    ["an old version", apply("a", fields(set(object, ["metadata", "resourceVersion"], "1")))],
    ["dry", apply("a", object, { dryRun: "All" })],
    ["right", apply("a", object)],
    ["an old version of one", apply("a", fields(set(object, ["metadata", "resourceVersion"], "1")))],
    ["another uid", apply("a", fields(set(object, ["metadata", "uid"], "x")))],
    ["immutable", apply("a", fields(set(object, ["spec", "selector"], { matchLabels: { app: "z" } })))],
    ["force that is none", apply("a", object, { force: "maybe" })],
    ["get", get()]
  ]),
  scenario("values that defaults fill", Rich.deployment, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    ["the default's own value", apply("b", only({ spec: { revisionHistoryLimit: 10 } }))],
    ["another", apply("b", only({ spec: { revisionHistoryLimit: 5 } }))],
    ["left", apply("b", only({}))],
    ["empty object", apply("b", only({ spec: { strategy: {} } }))],
    ["empty list", apply("b", only(inPod({ containers: [] })))],
    ["get", get()]
  ]),
  scenario("quantities", Rich.deployment, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    [
      "the same otherwise written",
      apply("b", only(inPod({ containers: [{ name: "main", resources: { limits: { cpu: "1000m" } } }] })))
    ],
    ["as a number", apply("b", only(inPod({ containers: [{ name: "main", resources: { limits: { cpu: 1 } } }] })))],
    ["another", apply("b", only(inPod({ containers: [{ name: "main", resources: { limits: { cpu: "2" } } }] })))],
    ["get", get()]
  ]),
  scenario("by the status", Rich.deployment, ({ apply, get, object, only }) => {
    const toStatus = (request: Request): Request => ({ ...request, path: request.path.replace("?", "/status?") })
    return [
      ["status of none", toStatus(apply("s", only({ status: { replicas: 1 } })))],
      ["apply", apply("a", object)],
      ["status", toStatus(apply("s", only({ status: { replicas: 1, conditions: [{ type: "A", status: "True" }] } })))],
      ["a condition of another", toStatus(apply("t", only({ status: { conditions: [{ type: "B", status: "True" }] } })))],
      ["the same condition", toStatus(apply("t", only({ status: { conditions: [{ type: "A", status: "False" }] } })))],
      ["spec too", toStatus(apply("s", only({ spec: { replicas: 9 }, status: { replicas: 1 } })))],
      ["left", toStatus(apply("s", only({})))],
      ["get", get()]
    ]
  }),
  scenario("by the scale", Rich.deployment, ({ apply, get, object }) => {
    const scale = {
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: Rich.nameOf(object) },
      spec: { replicas: 5 }
    }
    const toScale = (request: Request): Request => ({ ...request, path: request.path.replace("?", "/scale?") })
    return [
      ["apply", apply("a", object)],
      ["conflict", toScale(apply("hpa", scale))],
      ["forced", toScale(apply("hpa", scale, { force: "true" }))],
      ["a again", apply("a", object)],
      ["get", get()]
    ]
  }),
  scenario("many writers", Rich.configMap, ({ create, get, merge }) => [
    ["create", create()],
    ...Array.from(
      { length: 13 },
      (_, index) => [`patch ${index}`, merge(`m${index}`, { data: { [`k${index}`]: "1" } })] as const
    ),
    ["get", get()]
  ]),
  scenario("ingress", Rich.ingress, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    ["rules", apply("b", only({ spec: { rules: [{ host: "b.example" }] } }))],
    [
      "backend",
      apply("b", only({ spec: { defaultBackend: { service: { name: "t", port: { number: 80 } } } } }), { force: "true" })
    ],
    ["get", get()]
  ]),
  scenario("account", Rich.serviceAccount, ({ apply, get, object, only }) => [
    ["apply", apply("a", object)],
    ["one more", apply("b", only({ secrets: [{ name: "s3" }], imagePullSecrets: [{ name: "p2" }] }))],
    ["less", apply("a", only({ secrets: [{ name: "s2" }] }))],
    ["get", get()]
  ])
]

const configOf = (random: Random): JsonObject => {
  const data = Object.fromEntries(
    ["a", "b", "c"].filter(() => random.chance(0.5)).map((key) => [key, random.pick(["1", "2"])])
  )
  const labels = Object.fromEntries(["x", "y"].filter(() => random.chance(0.4)).map((key) => [key, random.pick(["1", "2"])]))
  return { metadata: { labels }, ...(random.chance(0.9) && { data }) }
}

const podsOf = (random: Random): JsonObject => {
  const env = random.shuffled(["A", "B", "C", "D"]).slice(0, random.int(4))
  const container = {
    name: random.pick(["main", "side", "new"]),
    ...(random.chance(0.8) && { image: random.pick(["i", "j"]) }),
    ...(random.chance(0.7) && { env: env.map((name) => ({ name, value: random.pick(["1", "2"]) })) }),
    ...(random.chance(0.3) && { args: random.pick<ReadonlyArray<string>>([["a"], ["b", "c"], []]) }),
    ...(random.chance(0.3) && { ports: [{ containerPort: random.pick([80, 81]), protocol: random.pick(["TCP", "UDP"]) }] })
  }
  const spec = {
    containers: [container],
    ...(random.chance(0.3) && { nodeSelector: { zone: random.pick(["a", "b"]) } }),
    ...(random.chance(0.3) && { tolerations: [{ key: random.pick(["k", "l"]), operator: "Exists" }] })
  }
  return { metadata: {}, ...(random.chance(0.3) ? { spec: { replicas: random.int(5) } } : inPod(spec)) }
}

const shuffle =
  (title: string, kind: typeof Rich.deployment, make: (random: Random) => JsonObject): Make =>
  (world) => {
    const { random } = world
    return scenario(title, kind, ({ apply, create, get, merge, object, only }) => [
      ["create", create(object, "maker")],
      ...Array.from({ length: 7 }, (_, index) => {
        const manager = random.pick(["a", "b", "c"])
        const body = make(random)
        const force: { readonly [name: string]: string } = random.chance(0.6) ? { force: "true" } : {}
        const request = random.chance(0.25) ? merge(manager, body) : apply(manager, only(body), force)
        return [`random ${index}`, request] as const
      }),
      ["get", get()]
    ])(world)
  }

export const random: ReadonlyArray<Make> = [
  shuffle("random configs", Rich.configMap, configOf),
  shuffle("random deployments", Rich.deployment, podsOf)
]
