/** What is decided of objects by their subresources, and what is asked of Pods that no node runs: connections, logs, more containers. */
import { type JsonObject, set, fields } from "../Json.ts"
import { find, type Make } from "../Plan.ts"
import * as Samples from "../Samples.ts"
import { on, type Request, step } from "../Scenario.ts"

type Named = readonly [string, Request]
const scenario = (title: string, about: string, namespace: string, steps: ReadonlyArray<Named>) => ({
  name: `actions/${title}`,
  about,
  namespace,
  steps: steps.map(([words, request]) => step(words, request))
})

const decision = (type: string, more: JsonObject = {}): JsonObject => ({
  type,
  status: "True",
  reason: "r",
  message: "m",
  ...more
})
const decided = (...conditions: ReadonlyArray<JsonObject>): JsonObject => ({ status: { conditions } })
const certificate = (text: string): JsonObject => ({ status: { certificate: Buffer.from(text).toString("base64") } })
const block = (type: string, body: string) => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`

/** One is approved, another denied, a third fails. */
const approvals: Make = (world) => {
  const { name, namespace } = world
  const resource = find(world, "certificates.k8s.io", "CertificateSigningRequest")
  const collection = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
  const steps = (own: string, ofOne: (approval: ReturnType<typeof on>, status: typeof approval) => ReadonlyArray<Named>) => {
    const path = `${collection}/${own}`
    const made: Named = [`create ${own}`, on(collection).post(Samples.of(resource, own, namespace) ?? {})]
    return [made, ...ofOne(on(`${path}/approval`), on(`${path}/status`))]
  }
  return scenario("approvals", "CertificateSigningRequest", namespace, [
    ...steps(`a-${name}`, (approval, status) => [
      ["get", approval.get()],
      ["another type", approval.patch("merge", decided(decision("Foo")))],
      ["not true", approval.patch("merge", decided(decision("Approved", { status: "False" })))],
      ["both", approval.patch("merge", decided(decision("Approved"), decision("Denied")))],
      ["a certificate by approval", approval.patch("merge", certificate(block("CERTIFICATE", "MIIB")))],
      ["usages by approval", approval.patch("merge", { spec: { usages: ["server auth"] } })],
      ["approve by status", status.patch("merge", decided(decision("Approved")))],
      ["approve", approval.patch("merge", decided(decision("Approved")))],
      ["approve twice", approval.patch("merge", decided(decision("Approved"), decision("Approved")))],
      ["deny after all", approval.patch("merge", decided(decision("Denied")))],
      ["another reason by status", status.patch("merge", decided(decision("Approved", { reason: "q" })))],
      ["no more", status.patch("merge", { status: { conditions: [] } })],
      ["a certificate that is none", status.patch("merge", certificate("a"))],
      ["another block", status.patch("merge", certificate(block("FOO", "MIIB")))],
      ["a malformed certificate", status.patch("merge", certificate(block("CERTIFICATE", "MIIB")))]
    ]),
    ...steps(`b-${name}`, (approval, status) => [
      ["fails by approval", approval.patch("merge", decided(decision("Failed")))],
      ["fails no more", status.patch("merge", decided(decision("Foo")))],
      ["is denied, too", approval.patch("merge", decided(decision("Denied"), decision("Failed")))]
    ]),
    ["of none", on(`${collection}/none/approval`).patch("merge", decided(decision("Approved")))],
    ["posted", on(`${collection}/a-${name}/approval`).post({})],
    ["deleted", on(`${collection}/a-${name}/approval`).delete()]
  ])
}

const containers = [{ name: "c", image: "i", resources: { requests: { cpu: "1", memory: "1Gi" } } }]
const podOf = (name: string, namespace: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { app: "a" } },
  spec: { containers, initContainers: [{ name: "i", image: "i" }], volumes: [{ name: "v", emptyDir: {} }], ...spec }
})

const additions: { readonly [what: string]: JsonObject } = {
  "the name of another": { name: "c" },
  "a name that is none": { name: "E" },
  "no image": { image: "" },
  "a target": { targetContainerName: "c" },
  "a target that is none": { targetContainerName: "none" },
  ports: { ports: [{ containerPort: 1 }] },
  "a probe": { livenessProbe: { exec: { command: ["a"] } } },
  "a hook": { lifecycle: { preStop: { exec: { command: ["a"] } } } },
  resources: { resources: { limits: { cpu: "1" } } },
  "a policy of resizes": { resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] },
  "a policy of restarts": { restartPolicy: "Always" },
  "a mount": { volumeMounts: [{ name: "v", mountPath: "/x" }] },
  "a mount below": { volumeMounts: [{ name: "v", mountPath: "/x", subPath: "a" }] },
  "a mount of nothing": { volumeMounts: [{ name: "w", mountPath: "/x" }] },
  "a terminal": { stdin: true, tty: true },
  "all powers": { securityContext: { privileged: true } },
  "a variable that is none": { env: [{ name: "a=", value: "" }] }
}

const debugging: Make = ({ name, namespace }) => {
  const collection = `/api/v1/namespaces/${namespace}/pods`
  const part = on(`${collection}/${name}/ephemeralcontainers`)
  const added = (more: JsonObject = {}): JsonObject => ({
    spec: { ephemeralContainers: [{ name: "e", image: "i", ...more }] }
  })
  return scenario("ephemeral containers", "Pod", namespace, [
    ["create", on(collection).post(podOf(name, namespace))],
    ...Object.entries(additions).map(
      ([what, more]): Named => [what, part.patch("strategic", added(more), { dryRun: "All" })]
    ),
    ["one", part.patch("strategic", added())],
    ["with a label", part.patch("strategic", { metadata: { labels: { a: "b" } } })],
    ["with an image of another", part.patch("strategic", { spec: { containers: [{ name: "c", image: "z" }] } })],
    ["put without any", part.put(podOf(name, namespace))],
    ["get", part.get()]
  ])
}

const resizes: Make = ({ name, namespace }) => {
  const collection = `/api/v1/namespaces/${namespace}/pods`
  const part = on(`${collection}/${name}/resize`)
  const to = (resources: JsonObject, more: JsonObject = {}): JsonObject => ({
    spec: { containers: [{ name: "c", resources, ...more }] }
  })
  return scenario("resizes", "Pod", namespace, [
    ["create", on(collection).post(podOf(name, namespace))],
    ["more", part.patch("strategic", to({ requests: { cpu: "2" } }))],
    ["less", part.patch("strategic", to({ requests: { memory: "500Mi" } }))],
    ["a limit", part.patch("strategic", to({ limits: { cpu: "3" } }))],
    ["a limit too low", part.patch("strategic", to({ limits: { cpu: "1" } }))],
    ["none", part.patch("merge", { spec: { containers: [{ name: "c", image: "i", resources: {} }] } })],
    ["of another resource", part.patch("strategic", to({ requests: { "ephemeral-storage": "1Gi" } }))],
    ["a policy", part.patch("strategic", to({}, { resizePolicy: [{ resourceName: "cpu", restartPolicy: "Never" }] }))],
    ["a container more", part.patch("strategic", { spec: { containers: [{ name: "d", image: "i" }] } })],
    ["a label", part.patch("merge", { metadata: { labels: { a: "b" } } })],
    ["of all", part.patch("merge", { spec: { resources: { requests: { cpu: "4" } } } })],
    ["of an ephemeral one", part.patch("strategic", { spec: { ephemeralContainers: [{ name: "e", image: "i" }] } })],
    ["get", part.get()]
  ])
}

const options: ReadonlyArray<readonly [part: string, query: { readonly [name: string]: string }]> = [
  ["log", { container: "c" }],
  ["log", { container: "none" }],
  ["log", { container: "c", tailLines: "x" }],
  ["log", { container: "c", limitBytes: "0" }],
  ["log", { container: "c", sinceSeconds: "-1" }],
  ["log", { container: "c", sinceTime: "x" }],
  ["log", { container: "c", stream: "Stdout" }],
  ["exec", { container: "c", command: "ls" }],
  ["exec", { container: "none", command: "ls" }],
  ["exec", {}],
  ["attach", { container: "c", stdout: "true" }],
  ["attach", { container: "none" }],
  ["portforward", { ports: "80" }],
  ["proxy/", {}]
]

/** Of a Pod that has no node, and of one that is not there. */
const connections: Make = ({ name, namespace }) => {
  const collection = `/api/v1/namespaces/${namespace}/pods`
  const asked = (pod: string) =>
    options.map(([part, query]): Named => {
      const words = Object.entries(query).flat().join(" ")
      return [`${part} of ${pod} ${words}`, on(`${collection}/${pod}/${part}`).get(query)]
    })
  const two = fields(set(podOf(name, namespace), ["spec", "containers"], [...containers, { name: "d", image: "i" }]))
  return scenario("connections", "Pod", namespace, [
    ["create", on(collection).post(two)],
    ["log without a container", on(`${collection}/${name}/log`).get()],
    ...asked(name),
    ...asked("none"),
    ["a proxy of four parts", on(`${collection}/a:b:c:d/proxy/`).get()],
    ["a proxy of a strange scheme", on(`${collection}/ftp:${name}:80/proxy/`).get()],
    ["a proxy of no service", on(`/api/v1/namespaces/${namespace}/services/none/proxy/`).get()],
    ["a proxy of no node", on("/api/v1/nodes/none/proxy/").get()],
    ["a deleted log", on(`${collection}/${name}/log`).delete()],
    ["a posted log", on(`${collection}/${name}/log`).post({})]
  ])
}

export const all: ReadonlyArray<Make> = [approvals, debugging, resizes, connections]
