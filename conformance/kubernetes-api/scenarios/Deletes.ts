/** Deletion with all its options, finalizers, preconditions, collections, and names that the server makes. */
import { fields, type JsonObject, set } from "../Json.ts"
import type { Make } from "../Plan.ts"
import * as Rich from "../Rich.ts"
import { on, type Past, type Request, step } from "../Scenario.ts"

type Steps = (at: {
  readonly object: JsonObject
  readonly collection: ReturnType<typeof on>
  readonly one: ReturnType<typeof on>
  readonly path: string
  readonly namespace: string
}) => ReadonlyArray<readonly [string, Request | ((past: Past) => Request)]>

const scenario =
  (title: string, kind: typeof Rich.deployment, steps: Steps): Make =>
  ({ name, namespace }) => {
    const object = kind({ name, namespace })
    const path = `${Rich.pathOf(object)}/${name}`
    const all = steps({ object, path, namespace, collection: on(Rich.pathOf(object)), one: on(path) })
    return {
      name: `delete/${title}`,
      about: String(object["kind"]),
      namespace,
      steps: all.map(([words, request]) => step(words, request))
    }
  }

const pod = ({ name, namespace }: { readonly name: string; readonly namespace: string }): JsonObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "i" }] }
})
const withFinalizers = (object: JsonObject, ...finalizers: ReadonlyArray<string>) =>
  fields(set(object, ["metadata", "finalizers"], finalizers))

export const all: ReadonlyArray<Make> = [
  scenario("preconditions", Rich.configMap, ({ collection, object, one }) => [
    ["create", collection.post(object)],
    ["another uid", one.delete({ preconditions: { uid: "00000000-0000-0000-0000-000000000000" } })],
    ["another version", one.delete({ preconditions: { resourceVersion: "1" } })],
    ["both", (past) => one.delete({ preconditions: { uid: past.uid("create"), resourceVersion: past.version("create") } })]
  ]),
  scenario("options that are wrong", Rich.configMap, ({ collection, object, one }) => [
    ["create", collection.post(object)],
    ["policy", one.delete({ propagationPolicy: "Sideways" })],
    ["policy in the query", one.delete(undefined, { propagationPolicy: "Sideways" })],
    ["policy and orphans", one.delete({ propagationPolicy: "Orphan", orphanDependents: true })],
    ["dry run", one.delete({ dryRun: ["Some"] })],
    ["dry run in the query", one.delete(undefined, { dryRun: "Some" })],
    ["grace", one.delete({ gracePeriodSeconds: -1 })],
    ["grace that is a text", one.delete({ gracePeriodSeconds: "x" })],
    ["grace in the query", one.delete(undefined, { gracePeriodSeconds: "x" })],
    ["another kind", one.delete({ apiVersion: "v1", kind: "Pod" })],
    ["a kind of its group", one.delete({ apiVersion: "v1", kind: "DeleteOptions", dryRun: ["All"] })],
    ["a kind of all", one.delete({ apiVersion: "meta.k8s.io/v1", kind: "DeleteOptions", dryRun: ["All"] })],
    ["an unknown field", one.delete({ nope: 1, dryRun: ["All"] })],
    ["no JSON", { method: "DELETE", path: one.delete().path, body: "{" }],
    ["still there", one.get()],
    ["delete", one.delete({})]
  ]),
  ...["Background", "Foreground", "Orphan"].map((propagationPolicy) =>
    scenario(`policy ${propagationPolicy}`, Rich.deployment, ({ collection, object, one }) => [
      ["create", collection.post(object)],
      ["delete dry", one.delete({ propagationPolicy, dryRun: ["All"] })],
      ["delete", one.delete({ propagationPolicy })],
      ["get", one.get()],
      ["delete again", one.delete({ propagationPolicy })],
      ["delete by default", one.delete()],
      ["free", one.patch("merge", { metadata: { finalizers: null } })],
      ["gone", one.get()]
    ])
  ),
  scenario("orphans of old", Rich.deployment, ({ collection, object, one }) => [
    ["create", collection.post(object)],
    ["orphan", one.delete({ orphanDependents: true })],
    ["not", one.delete({ orphanDependents: false })],
    ["free", one.patch("merge", { metadata: { finalizers: null } })]
  ]),
  scenario("finalizers", Rich.configMap, ({ collection, object, one }) => [
    ["create", collection.post(withFinalizers(object, "example.com/a", "example.com/b"))],
    ["delete", one.delete()],
    ["delete again", one.delete()],
    ["delete with grace", one.delete({ gracePeriodSeconds: 5 })],
    ["get", one.get()],
    [
      "a finalizer more",
      one.patch("merge", { metadata: { finalizers: ["example.com/a", "example.com/b", "example.com/c"] } })
    ],
    ["change", one.patch("merge", { data: { a: "2" } })],
    ["one away", one.patch("json", [{ op: "remove", path: "/metadata/finalizers/0" }])],
    ["create meanwhile", collection.post(object)],
    ["the last away", one.patch("merge", { metadata: { finalizers: [] } })],
    ["gone", one.get()]
  ]),
  scenario("finalizers that are wrong", Rich.configMap, ({ collection, object, one }) => [
    ["unqualified", collection.post(withFinalizers(object, "plain"))],
    ["wrong", collection.post(withFinalizers(object, "a b/c"))],
    ["both of the garbage collector", collection.post(withFinalizers(object, "orphan", "foregroundDeletion"))],
    ["orphan", collection.post(withFinalizers(object, "orphan"))],
    ["delete", one.delete()],
    ["delete in the background", one.delete({ propagationPolicy: "Background" })],
    ["get", one.get()]
  ]),
  scenario("a pod with grace", pod, ({ collection, object, one }) => [
    ["create", collection.post(fields(set(object, ["spec", "nodeName"], "n1")))],
    ["dry", one.delete({ dryRun: ["All"] })],
    ["delete", one.delete()],
    ["again", one.delete()],
    ["shorter", one.delete({ gracePeriodSeconds: 5 })],
    ["longer", one.delete({ gracePeriodSeconds: 50 })],
    ["get", one.get()],
    ["at once", one.delete({ gracePeriodSeconds: 0 })],
    ["gone", one.get()]
  ]),
  scenario("a pod that is nowhere", pod, ({ collection, object, one }) => [
    ["create", collection.post(object)],
    ["delete", one.delete({ gracePeriodSeconds: 30 })],
    ["gone", one.get()]
  ]),
  scenario("a pod that is to end by itself", pod, ({ collection, object, one }) => [
    [
      "create",
      collection.post(
        fields(set(fields(set(object, ["spec", "terminationGracePeriodSeconds"], 7)), ["spec", "nodeName"], "n1"))
      )
    ],
    ["delete with a policy", one.delete({ propagationPolicy: "Foreground" })],
    ["at once", one.delete({ gracePeriodSeconds: 0 })],
    ["free", one.patch("merge", { metadata: { finalizers: null } })],
    ["gone", one.get()]
  ]),
  scenario("a collection", Rich.configMap, ({ collection, object, namespace }) => [
    ...["a", "b", "c", "d"].map((one, index) => {
      const named = fields(set(object, ["metadata"], { name: one, namespace, labels: { i: `${index}`, app: "a" } }))
      return [`create ${one}`, collection.post(named)] as const
    }),
    ["dry", collection.delete({ dryRun: ["All"] })],
    ["by label", collection.delete(undefined, { labelSelector: "i=0" })],
    ["by field", collection.delete(undefined, { fieldSelector: "metadata.name=b" })],
    ["by a wrong field", collection.delete(undefined, { fieldSelector: "data.a=1" })],
    ["by a wrong label", collection.delete(undefined, { labelSelector: "a=b=c" })],
    ["with preconditions", collection.delete({ preconditions: { uid: "x" } })],
    ["list", collection.get()],
    ["all", collection.delete({ propagationPolicy: "Background" })],
    ["none", collection.delete()],
    ["list again", collection.get()]
  ]),
  scenario("a collection of pods", pod, ({ collection, object, namespace }) => [
    ...["a", "b"].map((one) => {
      const named = fields(set(object, ["metadata"], { name: one, namespace, labels: { app: "a" } }))
      return [`create ${one}`, collection.post(fields(set(named, ["spec", "nodeName"], "n1")))] as const
    }),
    ["all", collection.delete({ gracePeriodSeconds: 10 })],
    ["at once", collection.delete({ gracePeriodSeconds: 0 })],
    ["list", collection.get()]
  ]),
  scenario("names that are made", Rich.configMap, ({ collection, namespace }) => {
    const made = (metadata: JsonObject): JsonObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata })
    return [
      ["made", collection.post(made({ generateName: "made-" }))],
      ["with a name too", collection.post(made({ generateName: "made-", name: "given" }))],
      ["dry", collection.post(made({ generateName: "dry-" }), { dryRun: "All" })],
      ["a prefix that is wrong", collection.post(made({ generateName: "A_" }))],
      ["a prefix that is long", collection.post(made({ generateName: "a".repeat(100) }))],
      ["no name", collection.post(made({}))],
      ["no metadata", collection.post({ apiVersion: "v1", kind: "ConfigMap" })],
      ["a name that is wrong", collection.post(made({ name: "A_b" }))],
      ["a name that is long", collection.post(made({ name: "a".repeat(254) }))],
      ["another namespace", collection.post(made({ name: "x", namespace: "other" }))],
      ["its namespace", collection.post(made({ name: "x", namespace }))],
      [
        "what only servers set",
        collection.post(
          made({
            name: "y",
            uid: "z",
            resourceVersion: "",
            generation: 9,
            creationTimestamp: "2001-01-01T00:00:00Z",
            selfLink: "s",
            deletionTimestamp: "2001-01-01T00:00:00Z",
            deletionGracePeriodSeconds: 3
          })
        )
      ],
      ["a version", collection.post(made({ name: "v", resourceVersion: "5" }))],
      ["another kind", collection.post({ apiVersion: "v1", kind: "Secret", metadata: { name: "k" } })],
      ["another version", collection.post({ apiVersion: "v2", kind: "ConfigMap", metadata: { name: "k" } })],
      ["no kind", collection.post({ metadata: { name: "k" } })],
      ["many annotations", collection.post(made({ name: "big", annotations: { a: "x".repeat(262_200) } }))],
      [
        "managed fields that are wrong",
        collection.post(made({ name: "m", managedFields: [{ manager: "x", operation: "Sometimes" }] }))
      ]
    ]
  }),
  scenario("updates", Rich.configMap, ({ collection, object, one }) => [
    ["update what is not there", one.put(object)],
    ["with a uid", one.put(fields(set(object, ["metadata", "uid"], "x")))],
    ["create", collection.post(object)],
    ["another name", one.put(fields(set(object, ["metadata", "name"], "other")))],
    ["another namespace", one.put(fields(set(object, ["metadata", "namespace"], "other")))],
    ["another uid", one.put(fields(set(object, ["metadata", "uid"], "00000000-0000-0000-0000-000000000000")))],
    ["another kind", one.put(fields(set(object, ["kind"], "Secret")))],
    ["no name", one.put(fields(set(object, ["metadata", "name"], undefined)))],
    ["a version that is none", one.put(fields(set(object, ["metadata", "resourceVersion"], "x")))],
    ["an old version", one.put(fields(set(object, ["metadata", "resourceVersion"], "1")))],
    ["a creation time", one.put(fields(set(object, ["metadata", "creationTimestamp"], "2001-01-01T00:00:00Z")))],
    ["the same", one.put(object)],
    ["the same again", one.put(object)],
    ["a deletion time", one.put(fields(set(object, ["metadata", "deletionTimestamp"], "2001-01-01T00:00:00Z")))],
    ["dry", one.put(fields(set(object, ["data", "a"], "7")), { dryRun: "All" })],
    ["get", one.get()]
  ])
]
