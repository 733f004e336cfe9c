/** Patches of the three types that are no apply, with every directive, right ones and wrong ones. */
import type { Json, JsonObject } from "../Json.ts"
import type { Make, World } from "../Plan.ts"
import type { Random } from "../Random.ts"
import * as Rich from "../Rich.ts"
import { on, type PatchType, step } from "../Scenario.ts"

type Body = JsonObject | ReadonlyArray<Json> | string
export interface Patch {
  readonly name: string
  readonly type: PatchType
  readonly body: Body
  /** Sent to `/status`. */
  readonly part?: string
  readonly query?: { readonly [name: string]: string }
}

const strategic = (name: string, body: Body): Patch => ({ name, type: "strategic", body })
const merge = (name: string, body: Body): Patch => ({ name, type: "merge", body })
const json = (name: string, body: Body): Patch => ({ name, type: "json", body })

const inPod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } })
const main = (fields: JsonObject) => inPod({ containers: [{ name: "main", ...fields }] })

/** Directives of strategic merge. Source: SIG API machinery, "Strategic Merge Patch" (contributors/devel). */
export const ofDeployment: ReadonlyArray<Patch> = [
  strategic("image of one", main({ image: "nginx:2" })),
  strategic("a container more", inPod({ containers: [{ name: "new", image: "x" }] })),
  strategic(
    "env by key",
    main({
      env: [
        { name: "B", value: "9" },
        { name: "D", value: "4" }
      ]
    })
  ),
  strategic("env deleted by $patch", main({ env: [{ name: "A", $patch: "delete" }] })),
  strategic("env replaced", main({ env: [{ name: "Z", value: "1" }, { $patch: "replace" }] })),
  strategic(
    "env order",
    main({ env: [{ name: "C", value: "7" }], "$setElementOrder/env": [{ name: "C" }, { name: "A" }, { name: "B" }] })
  ),
  strategic(
    "container order",
    inPod({
      "$setElementOrder/containers": [{ name: "side" }, { name: "main" }],
      containers: [{ name: "side", image: "y" }]
    })
  ),
  strategic("order without an item", main({ env: [{ name: "C", value: "7" }], "$setElementOrder/env": [{ name: "A" }] })),
  strategic("container deleted", inPod({ containers: [{ name: "side", $patch: "delete" }] })),
  strategic("container without its key", inPod({ containers: [{ image: "x" }] })),
  strategic("env nulled", main({ env: null })),
  strategic("label nulled", { metadata: { labels: { app: null } } }),
  strategic("args are replaced", main({ args: ["c"] })),
  strategic("limits of one", main({ resources: { limits: { cpu: "2" } } })),
  strategic("limits replaced", main({ resources: { limits: { cpu: "2", $patch: "replace" } } })),
  strategic("map deleted", inPod({ nodeSelector: { $patch: "delete" } })),
  strategic("recreate keeps its past", { spec: { strategy: { type: "Recreate" } } }),
  strategic("recreate with $retainKeys", { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }),
  strategic("$retainKeys without the key", { spec: { strategy: { $retainKeys: ["rollingUpdate"], type: "Recreate" } } }),
  strategic(
    "volume becomes another",
    inPod({ volumes: [{ name: "data", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] })
  ),
  strategic("volume has two sources", inPod({ volumes: [{ name: "data", hostPath: { path: "/x" } }] })),
  strategic("secrets by name", inPod({ imagePullSecrets: [{ name: "s3" }] })),
  strategic("secret deleted", inPod({ imagePullSecrets: [{ name: "s1", $patch: "delete" }] })),
  strategic("tolerations are replaced", inPod({ tolerations: [{ key: "z", operator: "Exists" }] })),
  strategic("port of one of two", main({ ports: [{ containerPort: 80, hostPort: 8080 }] })),
  strategic("port deleted", main({ ports: [{ containerPort: 80, $patch: "delete" }] })),
  strategic(
    "spread by key",
    inPod({ topologySpreadConstraints: [{ topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", maxSkew: 2 }] })
  ),
  strategic("host alias by ip", inPod({ hostAliases: [{ ip: "10.0.0.1", hostnames: ["c"] }] })),
  strategic("replaced as a whole", { spec: { $patch: "replace", replicas: 1 } }),
  strategic("an unknown directive", { spec: { $patch: "wipe" } }),
  strategic("$patch that is no text", { spec: { $patch: 5 } }),
  strategic("a list where an object is", { spec: [] }),
  strategic("a text where a list is", inPod({ containers: "x" })),
  strategic("an item that is no object", inPod({ containers: ["x"] })),
  strategic("$deleteFromPrimitiveList", main({ "$deleteFromPrimitiveList/args": ["a"] })),
  strategic("an order that is no list", main({ "$setElementOrder/env": "x" })),
  strategic("an order of another", main({ "$setElementOrder/env": [{ name: "A" }], env: [{ name: "Q", value: "1" }] })),
  strategic("an unknown field", { spec: { unknownField: 1 } }),
  strategic("another name", { metadata: { name: "other" } }),
  strategic("another kind", { kind: "ConfigMap" }),
  strategic("another version", { apiVersion: "apps/v2" }),
  strategic("replicas that are a text", { spec: { replicas: "3" } }),
  strategic("an immutable field", { spec: { selector: { matchLabels: { app: "b" } } } }),
  strategic("nothing", {}),
  strategic("no object", "[]"),
  strategic("no JSON", "{"),
  strategic("null", "null"),
  strategic("empty", ""),
  strategic("managedFields nulled", { metadata: { managedFields: null } }),
  strategic("managedFields emptied", { metadata: { managedFields: [{}] } }),
  strategic("the uid", { metadata: { uid: "00000000-0000-0000-0000-000000000000" } }),
  strategic("an old version", { metadata: { resourceVersion: "1" }, spec: { replicas: 9 } }),
  strategic("a version that is none", { metadata: { resourceVersion: "x" }, spec: { replicas: 8 } }),
  strategic("creation time", { metadata: { creationTimestamp: null, generation: 77 } }),
  strategic("finalizers", { metadata: { finalizers: ["example.com/a"] } }),
  strategic("finalizers merge", { metadata: { finalizers: ["example.com/b"] } }),
  strategic("finalizers deleted", {
    metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/a", "example.com/b"] }
  }),
  strategic("finalizers order", {
    metadata: { "$setElementOrder/finalizers": ["example.com/b", "example.com/a"], finalizers: ["example.com/a"] }
  }),
  strategic("finalizers away", { metadata: { finalizers: null } }),
  strategic("status by the main path", { status: { replicas: 5 } })
]

export const merges: ReadonlyArray<Patch> = [
  merge("replicas", { spec: { replicas: 5 } }),
  merge("a list is replaced", inPod({ containers: [{ name: "main", image: "x" }] })),
  merge("null takes away", { metadata: { annotations: null } }),
  merge("null of what a default fills", { spec: { replicas: null } }),
  merge("nested null", { metadata: { labels: { app: null } } }),
  merge("directives are unknown fields", { spec: { $patch: "replace" } }),
  merge("no object", "[1]"),
  merge("a text", '"x"'),
  merge("no JSON", "{x}"),
  merge("a wrong type", { spec: { replicas: [] } }),
  merge("another namespace", { metadata: { namespace: "other" } }),
  merge("no kind", { kind: null, apiVersion: null }),
  merge("a selector's null", { spec: { selector: null } }),
  merge("owner references", { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "u" }] } }),
  merge("owner references that lack", { metadata: { ownerReferences: [{ kind: "Pod", name: "p" }] } }),
  merge("two controllers", {
    metadata: {
      ownerReferences: [1, 2].map((one) => ({
        apiVersion: "v1",
        kind: "Pod",
        name: `p${one}`,
        uid: `u${one}`,
        controller: true
      }))
    }
  }),
  merge("a deletion time", { metadata: { deletionTimestamp: "2030-01-01T00:00:00Z" } }),
  merge("labels that are wrong", { metadata: { labels: { "a b": "c d", "-x": "y", ok: "1" } } }),
  merge("annotations that are wrong", { metadata: { annotations: { "a b": "c d", "x/y/z": "1" } } }),
  merge("numbers as labels", { metadata: { labels: { a: 1 } } }),
  { ...merge("status", { status: { replicas: 2, observedGeneration: 1 } }), part: "/status" },
  { ...merge("spec by status", { spec: { replicas: 1 }, metadata: { labels: { viaStatus: "1" } } }), part: "/status" },
  { ...merge("scale", { spec: { replicas: 7 } }), part: "/scale" },
  { ...merge("scale below zero", { spec: { replicas: -7 } }), part: "/scale" },
  { ...merge("unknown, strict", { spec: { nope: 1 }, zip: 2 }), query: { fieldValidation: "Strict" } },
  { ...merge("unknown, warned", { spec: { nope: 1 }, zip: 2 }), query: { fieldValidation: "Warn" } },
  { ...merge("unknown, ignored", { spec: { nope: 1 }, zip: 2 }), query: { fieldValidation: "Ignore" } },
  { ...merge("validation that is none", { spec: {} }), query: { fieldValidation: "Loose" } },
  { ...merge("twice", '{"spec":{"replicas":1,"replicas":2}}'), query: { fieldValidation: "Strict" } },
  { ...merge("twice, warned", '{"spec":{"replicas":1,"replicas":2}}'), query: { fieldValidation: "Warn" } },
  { ...merge("dry", { spec: { replicas: 6 } }), query: { dryRun: "All" } },
  { ...merge("dry that is none", { spec: { replicas: 6 } }), query: { dryRun: "Some" } },
  { ...merge("force is for applies", { spec: { replicas: 6 } }), query: { force: "true" } },
  { ...merge("a manager's name that is wrong", { spec: { replicas: 6 } }), query: { fieldManager: "a\tb" } },
  { ...merge("a manager's name that is long", { spec: { replicas: 6 } }), query: { fieldManager: "x".repeat(129) } }
]

export const operations: ReadonlyArray<Patch> = [
  json("replace", [{ op: "replace", path: "/spec/replicas", value: 4 }]),
  json("test and replace", [
    { op: "test", path: "/spec/replicas", value: 4 },
    { op: "replace", path: "/spec/replicas", value: 5 }
  ]),
  json("a test that fails", [{ op: "test", path: "/spec/replicas", value: 99 }]),
  json("add to the end", [{ op: "add", path: "/spec/template/spec/containers/0/env/-", value: { name: "E", value: "5" } }]),
  json("add between", [{ op: "add", path: "/spec/template/spec/containers/0/env/1", value: { name: "F", value: "5" } }]),
  json("remove", [{ op: "remove", path: "/spec/template/spec/containers/0/env/0" }]),
  json("remove what is not there", [{ op: "remove", path: "/spec/nothing" }]),
  json("replace what is not there", [{ op: "replace", path: "/metadata/labels/nothing", value: "1" }]),
  json("add below what is not there", [{ op: "add", path: "/spec/nothing/more", value: 1 }]),
  json("move", [{ op: "move", from: "/metadata/labels/app", path: "/metadata/labels/moved" }]),
  json("copy", [{ op: "copy", from: "/metadata/labels", path: "/metadata/annotations" }]),
  json("escaped", [{ op: "add", path: "/metadata/annotations/example.com~1a~0b", value: "1" }]),
  json("an index too far", [{ op: "add", path: "/spec/template/spec/containers/0/env/99", value: {} }]),
  json("an index that is none", [{ op: "remove", path: "/spec/template/spec/containers/x" }]),
  json("a negative index", [{ op: "remove", path: "/spec/template/spec/containers/-1" }]),
  json("an operation that is none", [{ op: "wipe", path: "/spec" }]),
  json("without a path", [{ op: "remove" }]),
  json("without a value", [{ op: "add", path: "/metadata/labels/x" }]),
  json("move without from", [{ op: "move", path: "/spec" }]),
  json("no list", { op: "remove", path: "/spec" }),
  json("no object in it", ["x"]),
  json("no JSON", "["),
  json("nothing", []),
  json("the whole", [{ op: "replace", path: "", value: {} }]),
  json("a path without a slash", [{ op: "add", path: "metadata/labels/x", value: "1" }]),
  json("a wrong type", [{ op: "replace", path: "/spec/replicas", value: "x" }]),
  json("a name", [{ op: "replace", path: "/metadata/name", value: "other" }]),
  json("a unknown field", [{ op: "add", path: "/spec/unknown", value: 1 }]),
  json("test of a missing one", [{ op: "test", path: "/spec/nothing", value: null }]),
  json("test of the version", [{ op: "test", path: "/metadata/resourceVersion", value: "1" }]),
  json("managedFields", [{ op: "replace", path: "/metadata/managedFields", value: [{}] }]),
  json(
    "too many",
    Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "Deployment" }))
  )
]

const services: ReadonlyArray<Patch> = [
  strategic("port by key", { spec: { ports: [{ port: 80, name: "web" }] } }),
  strategic("one port of two names", { spec: { ports: [{ port: 53, protocol: "TCP", targetPort: 5353 }] } }),
  strategic("a port more", { spec: { ports: [{ port: 443, name: "https" }] } }),
  strategic("a port deleted", { spec: { ports: [{ port: 80, $patch: "delete" }] } }),
  strategic("selector", { spec: { selector: { tier: null, more: "x" } } }),
  strategic("type", { spec: { type: "NodePort" } }),
  strategic("type back", { spec: { type: "ClusterIP" } }),
  strategic("external name", { spec: { type: "ExternalName", externalName: "a.example" } }),
  strategic("a cluster IP", { spec: { clusterIP: "10.96.3.3" } }),
  merge("no ports", { spec: { ports: null } }),
  merge("headless", { spec: { clusterIP: "None" } }),
  { ...merge("status", { status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } } }), part: "/status" }
]

const accounts: ReadonlyArray<Patch> = [
  strategic("secrets", { secrets: [{ name: "s3" }] }),
  strategic("secret deleted", { secrets: [{ name: "s1", $patch: "delete" }] }),
  strategic("pull secrets", { imagePullSecrets: [{ name: "p2" }], automountServiceAccountToken: false }),
  strategic("order", { "$setElementOrder/secrets": [{ name: "s3" }, { name: "s2" }], secrets: [{ name: "s3" }] })
]

const configs: ReadonlyArray<Patch> = [
  strategic("data", { data: { a: null, z: "26" } }),
  strategic("data replaced", { data: { $patch: "replace", only: "1" } }),
  strategic("data deleted", { data: { $patch: "delete" } }),
  merge("data that is no text", { data: { a: 1 } }),
  merge("binary that is no base64", { binaryData: { c: "!" } }),
  merge("immutable", { immutable: true }),
  merge("after that", { data: { a: "x" } }),
  merge("mutable again", { immutable: false }),
  merge("its labels", { metadata: { labels: { x: "y" } } })
]

const applied =
  (kind: (meta: { name: string; namespace: string }) => JsonObject, title: string, patches: ReadonlyArray<Patch>): Make =>
  ({ name, namespace }: World) => {
    const object = kind({ name, namespace })
    const collection = on(Rich.pathOf(object))
    const path = `${Rich.pathOf(object)}/${Rich.nameOf(object)}`
    const steps = patches.map(({ body, name: words, part = "", query, type }) =>
      step(`${type}: ${words}`, on(`${path}${part}`).patch(type, body, { fieldManager: `by-${type}`, ...query }))
    )
    return {
      name: `patches/${title}`,
      about: String(object["kind"]),
      namespace,
      steps: [step("create", collection.post(object, { fieldManager: "maker" })), ...steps, step("get", on(path).get())]
    }
  }

/** Each on an object as new, so that one difference does not bring others. */
const alone = (kind: typeof Rich.deployment, title: string, patches: ReadonlyArray<Patch>): ReadonlyArray<Make> =>
  patches.map((patch) => applied(kind, title, [patch]))

export const fixed: ReadonlyArray<Make> = [
  ...alone(Rich.deployment, "deployment", [...ofDeployment, ...merges, ...operations]),
  applied(Rich.deployment, "deployment in a row", [...ofDeployment, ...merges, ...operations]),
  applied(Rich.service, "service", services),
  applied(Rich.serviceAccount, "account", accounts),
  applied(Rich.configMap, "config", configs)
]

const fragments = (random: Random): JsonObject => {
  const env = () => ({
    name: random.pick(["A", "B", "C", "D"]),
    ...random.pick<JsonObject>([{ value: random.pick(["1", "2"]) }, { $patch: "delete" }, { value: null }])
  })
  const names = random.shuffled(["A", "B", "C", "D"]).slice(0, 1 + random.int(4))
  const container = {
    name: random.pick(["main", "side", "new"]),
    image: random.pick(["i", "j"]),
    ...(random.chance(0.6) && { env: Array.from({ length: 1 + random.int(3) }, env) }),
    ...(random.chance(0.3) && { "$setElementOrder/env": names.map((name) => ({ name })) }),
    ...(random.chance(0.2) && { resources: { limits: { cpu: random.pick<Json>(["1", null, "2"]) } } }),
    ...(random.chance(0.1) && { $patch: random.pick(["replace", "delete", "merge"]) })
  }
  return {
    metadata: { labels: { [random.pick(["app", "x"])]: random.pick<Json>(["a", null]) } },
    spec: {
      ...(random.chance(0.3) && { replicas: random.pick<Json>([1, null, 4]) }),
      template: {
        spec: {
          containers: [container],
          ...(random.chance(0.3) && { nodeSelector: { zone: random.pick<Json>(["b", null]) } })
        }
      }
    }
  }
}

const pointers: readonly [string, ...ReadonlyArray<string>] = [
  "/metadata/labels/app",
  "/metadata/annotations/note",
  "/spec/replicas",
  "/spec/template/spec/containers/0",
  "/spec/template/spec/containers/0/env/1",
  "/spec/template/spec/containers/1/image",
  "/spec/template/spec/nodeSelector",
  "/spec/strategy/rollingUpdate"
]

const someOperations = (random: Random): ReadonlyArray<Json> =>
  Array.from({ length: 1 + random.int(3) }, () => ({
    op: random.pick(["add", "replace", "remove", "test", "copy", "move"]),
    path: random.pick(pointers),
    from: random.pick(pointers),
    value: random.pick<Json>(["a", 2, { name: "Q", value: "q" }, null])
  }))

/** Of any of the three types, one after another on one object. */
export const random: ReadonlyArray<Make> = [
  (world) => {
    const patches = Array.from({ length: 6 }, (_, index): Patch => {
      const type = world.random.pick<PatchType>(["strategic", "strategic", "merge", "json"])
      const body = type === "json" ? someOperations(world.random) : fragments(world.random)
      return { name: `random ${index}`, type, body }
    })
    return applied(Rich.deployment, "random", patches)(world)
  }
]
