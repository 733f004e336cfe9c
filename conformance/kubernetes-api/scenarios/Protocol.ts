/** Requests that are no requests: paths, methods, bodies and types that nobody serves. */
import type { Make } from "../Plan.ts"
import { type Request, step } from "../Scenario.ts"

const config = (namespace: string, name = "x") => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } })

const requests = (namespace: string): ReadonlyArray<readonly [string, Request]> => {
  const configs = `/api/v1/namespaces/${namespace}/configmaps`
  const post = (body: Request["body"], headers: Request["headers"] = {}, query = ""): Request => ({
    method: "POST",
    path: `${configs}${query}`,
    ...(body !== undefined && { body }),
    headers
  })
  const get = (path: string): Request => ({ method: "GET", path })
  return [
    ["no such path", get("/nothing")],
    ["no such group", get("/apis/nothing.example.com")],
    ["no such version", get("/apis/apps/v9")],
    ["no such resource", get("/api/v1/nothings")],
    ["no such resource in a namespace", get(`/api/v1/namespaces/${namespace}/nothings/x`)],
    ["no such part", get(`${configs}/x/nothing`)],
    ["no such object", get(`${configs}/nothing`)],
    ["no such namespace", get("/api/v1/namespaces/nothing/configmaps")],
    [
      "no such namespace to write",
      { method: "POST", path: "/api/v1/namespaces/nothing/configmaps", body: config("nothing") }
    ],
    ["a cluster's kind in a namespace", get(`/api/v1/namespaces/${namespace}/nodes`)],
    ["a name that is wrong", get(`${configs}/A_B`)],
    ["a name with a percent", get(`${configs}/a%2Fb`)],
    ["a slash at the end", get(`${configs}/`)],
    ["two slashes", get(`/api//v1/namespaces/${namespace}/configmaps`)],
    ["dots", get(`/api/v1/namespaces/${namespace}/configmaps/..`)],
    ["post to an object", { method: "POST", path: `${configs}/x`, body: config(namespace) }],
    ["put to a collection", { method: "PUT", path: configs, body: config(namespace) }],
    [
      "patch a collection",
      { method: "PATCH", path: configs, body: {}, headers: { "content-type": "application/merge-patch+json" } }
    ],
    ["a method that is none", { method: "WIPE", path: configs }],
    ["options", { method: "OPTIONS", path: configs }],
    ["an empty body", post("")],
    ["no body", post(undefined)],
    ["no JSON", post("{")],
    ["more than JSON", post(`${JSON.stringify(config(namespace))}x`)],
    ["a list", post([])],
    ["a number", post("1")],
    ["null", post("null")],
    ["a text", post('"x"')],
    ["deep", post(`{"metadata":${'{"a":'.repeat(2000)}1${"}".repeat(2000)}}`)],
    ["YAML", post(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "yaml"}\n`, { "content-type": "application/yaml" })],
    ["YAML that is wrong", post("a: [", { "content-type": "application/yaml" })],
    ["YAML as JSON", post("apiVersion: v1\nkind: ConfigMap\n")],
    ["a type that is none", post(config(namespace), { "content-type": "text/plain" })],
    ["a type that is broken", post(config(namespace), { "content-type": ";;" })],
    ["a patch's type", post(config(namespace), { "content-type": "application/merge-patch+json" })],
    ["a charset", post(config(namespace, "charset"), { "content-type": "application/json; charset=utf-8" })],
    ["protobuf that is none", post("x", { "content-type": "application/vnd.kubernetes.protobuf" })],
    ["an object of another type", post({ ...config(namespace), kind: "Nothing" })],
    ["of another group", post({ ...config(namespace), apiVersion: "apps/v1" })],
    ["of a version that is broken", post({ ...config(namespace), apiVersion: "a/b/c" })],
    ["a kind that is a number", post({ ...config(namespace), kind: 1 })],
    ["metadata that is a text", post({ ...config(namespace), metadata: "x" })],
    ["metadata null", post({ apiVersion: "v1", kind: "ConfigMap", metadata: null })],
    ["labels that are a list", post({ ...config(namespace), metadata: { name: "x", labels: [] } })],
    ["a label null", post({ ...config(namespace, "labelnull"), metadata: { name: "labelnull", labels: { a: null } } })],
    [
      "capital letters",
      post(
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"caps"},"Data":{"a":"1"}}',
        {},
        "?fieldValidation=Strict"
      )
    ],
    [
      "capital letters, ignored",
      post(
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"caps"},"Data":{"a":"1"}}',
        {},
        "?fieldValidation=Ignore"
      )
    ],
    [
      "twice a key",
      post(
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}',
        {},
        "?fieldValidation=Strict"
      )
    ],
    [
      "twice a field, warned",
      post(
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice","name":"thrice"}}',
        {},
        "?fieldValidation=Warn&dryRun=All"
      )
    ],
    [
      "__proto__",
      post('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto"},"data":{"__proto__":"1","constructor":"2"}}')
    ],
    ["a big number", post('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big","generation":1e400}}')],
    ["a fraction", post('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fraction","generation":1.5}}')],
    ["1.0", post('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","generation":1.0}}')],
    ["unicode", post(config(namespace, "ä"))],
    ["dry run twice", post(config(namespace, "dry"), {}, "?dryRun=All&dryRun=All")],
    ["dry run empty", post(config(namespace, "dry"), {}, "?dryRun=")],
    ["dry run otherwise", post(config(namespace, "dry"), {}, "?dryRun=none")],
    ["validation otherwise", post(config(namespace, "dry"), {}, "?fieldValidation=strict")],
    ["a manager with a line break", post(config(namespace, "dry"), {}, "?fieldManager=a%0Ab")],
    ["a manager that is long", post(config(namespace, "dry"), {}, `?fieldManager=${"x".repeat(200)}`)],
    [
      "apply without a manager",
      {
        method: "PATCH",
        path: `${configs}/y`,
        body: config(namespace, "y"),
        headers: { "content-type": "application/apply-patch+yaml" }
      }
    ],
    [
      "a patch of no type",
      { method: "PATCH", path: `${configs}/y`, body: {}, headers: { "content-type": "application/json" } }
    ],
    [
      "a patch of what is not there",
      { method: "PATCH", path: `${configs}/nothing`, body: {}, headers: { "content-type": "application/merge-patch+json" } }
    ],
    ["a namespace as an object", get(`/api/v1/namespaces/${namespace}`)],
    ["a user that is another", { ...get(configs), headers: { "impersonate-user": "nobody" } }],
    ["a user that is another, to write", { ...post(config(namespace)), headers: { "impersonate-user": "nobody" } }],
    ["groups without a user", { ...get(configs), headers: { "impersonate-group": "g" } }],
    ["a namespace that is another's", { ...get("/api/v1/nodes/x"), headers: { "impersonate-user": "nobody" } }],
    ["a path that is no resource", { ...get("/metrics"), headers: { "impersonate-user": "nobody" } }],
    ["version", get("/version/")],
    ["api", get("/api")],
    ["apis of a group", get("/apis/apps")],
    ["resources of apps", get("/apis/apps/v1")],
    ["resources of autoscaling", get("/apis/autoscaling/v2")],
    ["resources of batch", get("/apis/batch/v1")],
    ["resources of policy", get("/apis/policy/v1")],
    ["resources of networking", get("/apis/networking.k8s.io/v1")],
    ["resources of storage", get("/apis/storage.k8s.io/v1")],
    ["resources of rbac", get("/apis/rbac.authorization.k8s.io/v1")]
  ]
}

const protocol: Make = ({ namespace }) => ({
  name: "protocol",
  about: "ConfigMap",
  namespace,
  steps: requests(namespace).map(([name, request]) => step(name, request))
})

export const all: ReadonlyArray<Make> = [protocol]
