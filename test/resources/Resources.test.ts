/** What the server makes of objects of the built-in kinds, through the client that programs use. */
import { assert, describe, it } from "@effect/vitest"
import * as SigningRequest from "../../plugins/certificates/contracts/SigningRequest.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { Effect, Result } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { ApiError } from "../../kernel/client/Errors.ts"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"
import { keyOf } from "../../kernel/resource/Kind.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { Deployment, type DeploymentDraft, StatefulSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Job } from "../../plugins/resources/contracts/batch/v1.ts"
import { ConfigMap, Namespace, Pod, type PodDraft, Secret, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { PodDisruptionBudget } from "../../plugins/resources/contracts/policy/v1.ts"
import { ClusterRoleBinding } from "../../plugins/resources/contracts/rbac/v1.ts"
import { kernel } from "./Kernel.ts"

const at = (name: string) => ({ namespace: "default", name })
const pod = (name: string, spec: Partial<PodDraft["spec"]> = {}): PodDraft => ({
  metadata: at(name),
  spec: { containers: [{ name: "web", image: "nginx" }], ...spec }
})
const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "nginx" }] } }
const deployment = (name: string, spec: Partial<DeploymentDraft["spec"]> = {}): DeploymentDraft => ({
  metadata: at(name),
  spec: { selector: { matchLabels: { app: "web" } }, template, ...spec }
})

/** `field: what`, one line each. */
const causes = (write: Effect.Effect<unknown, ApiError | Unavailable>) =>
  Effect.map(Effect.result(write), (result) => {
    if (Result.isSuccess(result)) return []
    const error = result.failure
    return error._tag === "Invalid" ? error.causes.map(({ detail, field }) => `${field}: ${detail}`) : [error._tag]
  })
const failure = (write: Effect.Effect<unknown, ApiError | Unavailable>) =>
  Effect.map(Effect.flip(write), (error) => [error._tag, "detail" in error ? error.detail : ""] as const)

describe("built-in kinds", () => {
  it.layer(kernel, { excludeTestServices: true })((it) => {
    it.effect("are served with the verbs that they have", () =>
      Effect.gen(function* () {
        const kinds = yield* Kinds
        assert.deepStrictEqual(kinds.find("", "v1", "componentstatuses")?.served.kind.verbs, ["get", "list"])
      })
    )

    it.effect("all are served, each once", () =>
      Effect.gen(function* () {
        const kinds = yield* Kinds
        const all = kinds.all()
        assert.isAbove(all.length, 60)
        assert.strictEqual(new Set(all.map(({ kind }) => kind.storage)).size, all.length)
        assert.isDefined(kinds.find("events.k8s.io", "v1", "events"))
        assert.isDefined(kinds.find("autoscaling", "v1", "horizontalpodautoscalers"))
      })
    )

    it.effect("a Pod has what it needs", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(
          Pod,
          pod("defaults", {
            hostNetwork: true,
            serviceAccountName: "robot",
            containers: [
              {
                name: "a",
                image: "registry:5000/web",
                ports: [{ containerPort: 80 }],
                resources: { limits: { cpu: "1000m" } }
              },
              { name: "b", image: "web:1" }
            ],
            initContainers: [{ name: "c", image: "web@sha256:0" }],
            volumes: [{ name: "v" }]
          })
        )
        const { containers, initContainers, ...spec } = made.spec
        assert.deepInclude(spec, {
          dnsPolicy: "ClusterFirst",
          securityContext: {},
          serviceAccount: "robot",
          restartPolicy: "Always"
        })
        assert.deepStrictEqual(spec.volumes, [{ name: "v", emptyDir: {} }])
        assert.deepStrictEqual(
          [...containers, ...(initContainers ?? [])].map(({ imagePullPolicy }) => imagePullPolicy),
          ["Always", "IfNotPresent", "IfNotPresent"]
        )
        assert.deepStrictEqual(containers[0]?.ports, [{ containerPort: 80, hostPort: 80, protocol: "TCP" }])
        assert.deepStrictEqual(containers[0]?.resources, { limits: { cpu: "1" }, requests: { cpu: "1" } })
        assert.deepStrictEqual(made.status, { phase: "Pending", qosClass: "Burstable" })
      })
    )

    it.effect("a Pod that cannot be is refused, with all that is wrong", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const wrong = pod("Wrong", {
          restartPolicy: "Sometimes",
          containers: [
            {
              name: "a",
              image: "",
              ports: [{ containerPort: 70000, name: "UPPER" }],
              env: [{ name: "X", value: "1", valueFrom: {} }],
              volumeMounts: [{ name: "nope", mountPath: "/x" }],
              resources: { requests: { cpu: "2" }, limits: { cpu: "1" } },
              livenessProbe: { successThreshold: 2, httpGet: { port: 80 } }
            },
            { name: "a", image: "b" }
          ]
        })
        assert.deepStrictEqual(yield* causes(client.create(Pod, wrong)), [
          "metadata.name: Invalid value: \"Wrong\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
          "spec.containers[0].image: Required value",
          "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
          'spec.containers[0].ports[0].name: Invalid value: "UPPER": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
          'spec.containers[0].ports[0].name: Invalid value: "UPPER": must contain at least one letter (a-z)',
          "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
          'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
          'spec.containers[0].volumeMounts[0].name: Not found: "nope"',
          'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
          'spec.containers[1].name: Duplicate value: "a"',
          'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'
        ])
      })
    )

    it.effect("of a Pod that exists only its image may change", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Pod, pod("fixed"))
        const newer = yield* client.update(Pod, {
          ...made,
          spec: { ...made.spec, containers: made.spec.containers.map((one) => ({ ...one, image: "nginx:2" })) }
        })
        const [why] = yield* causes(client.update(Pod, { ...newer, spec: { ...newer.spec, hostname: "other" } }))
        assert.match(
          why ?? "",
          /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/
        )
      })
    )

    it.effect("binds a Pod once, and lets its node take its time", () =>
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(Pod, pod("bound"))
        const bindAs = (name: string, node: string) =>
          client.post(Pod, at("bound"), "binding", { metadata: { name }, target: { kind: "Node", name: node } })
        const bind = (node: string) => bindAs("bound", node)
        const otherName = ["BadRequest", "name in URL does not match name in Binding object"] as const
        for (const name of ["", "other"]) assert.deepStrictEqual(yield* failure(bindAs(name, "one")), otherName)
        const early = { metadata: { name: "bound", resourceVersion: "1" }, target: { kind: "Node", name: "one" } }
        const [reason] = (yield* failure(client.post(Pod, at("bound"), "binding", early))) ?? []
        assert.strictEqual(reason, "Conflict")
        assert.deepInclude(yield* bind("one"), { status: "Success" })
        const bound = yield* client.get(Pod, at("bound"))
        assert.strictEqual(bound.spec.nodeName, "one")
        // The Pod is as its author wants it, still.
        assert.strictEqual(bound.metadata.generation, 1)
        assert.deepInclude(bound.status.conditions?.[0], { type: "PodScheduled", status: "True" })
        assert.deepStrictEqual(yield* failure(bind("two")), ["Conflict", 'pod bound is already assigned to node "one"'])
        yield* client.delete(Pod, at("bound"))
        const marked = yield* client.get(Pod, at("bound"))
        assert.strictEqual(marked.metadata.deletionGracePeriodSeconds, 30)
        yield* client.create(Pod, pod("loose"))
        yield* client.delete(Pod, at("loose"))
        assert.strictEqual((yield* client.find(Pod, at("loose")))._tag, "None")
      })
    )

    it.effect("evicts as budgets allow", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Pod, {
          ...pod("guarded"),
          metadata: { ...at("guarded"), labels: { app: "guarded" } }
        })
        const ready = { type: "Ready", status: "True" }
        yield* client.update(Pod, { ...made, status: { phase: "Running", conditions: [ready] } }, { subresource: "status" })
        const budget = yield* client.create(PodDisruptionBudget, {
          metadata: at("guard"),
          spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } }
        })
        const status = {
          currentHealthy: 1,
          desiredHealthy: 1,
          disruptionsAllowed: 0,
          expectedPods: 1,
          observedGeneration: 1
        }
        const seen = yield* client.update(PodDisruptionBudget, { ...budget, status }, { subresource: "status" })
        const evict = client.post(Pod, at("guarded"), "eviction", { metadata: { name: "guarded" } })
        assert.strictEqual((yield* failure(evict))[0], "TooManyRequests")
        const allowing = { ...seen, status: { ...status, disruptionsAllowed: 1 } }
        yield* client.update(PodDisruptionBudget, allowing, { subresource: "status" })
        yield* evict
        assert.strictEqual((yield* client.find(Pod, at("guarded")))._tag, "None")
        const after = yield* client.get(PodDisruptionBudget, at("guard"))
        assert.deepStrictEqual(
          [after.status.disruptionsAllowed, Object.keys(after.status.disruptedPods ?? {})],
          [0, ["guarded"]]
        )
      })
    )

    it.effect("workloads roll, and keep their selectors", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Deployment, deployment("web"))
        assert.deepStrictEqual(made.spec.strategy, {
          type: "RollingUpdate",
          rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" }
        })
        assert.strictEqual(made.spec.template.spec.containers[0]?.imagePullPolicy, "Always")
        assert.deepStrictEqual(made.status, {})
        const other = { ...made, spec: { ...made.spec, selector: { matchLabels: { app: "db" } } } }
        assert.deepStrictEqual(yield* causes(client.update(Deployment, other)), [
          'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
          'spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable'
        ])
        assert.deepStrictEqual(yield* causes(client.create(Deployment, deployment("empty", { selector: {} }))), [
          "spec.selector: Invalid value: {}: empty selector is invalid for deployment"
        ])
        const set = yield* client.create(StatefulSet, {
          metadata: at("db"),
          spec: { serviceName: "db", selector: { matchLabels: { app: "web" } }, template }
        })
        const [why] = yield* causes(client.update(StatefulSet, { ...set, spec: { ...set.spec, serviceName: "x" } }))
        assert.match(why ?? "", /^spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals'/)
      })
    )

    it.effect("a Job chooses its Pods by its uid", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const spec = { template: { spec: { ...template.spec, restartPolicy: "Never" } } }
        const job = yield* client.create(Job, { metadata: at("job"), spec })
        const uid = "batch.kubernetes.io/controller-uid"
        assert.deepStrictEqual(job.spec.selector, { matchLabels: { [uid]: job.metadata.uid } })
        assert.deepInclude(job.spec.template.metadata?.labels, { [uid]: job.metadata.uid, "job-name": "job" })
        assert.deepStrictEqual([job.spec.completions, job.spec.parallelism], [1, 1])
        assert.deepStrictEqual(yield* causes(client.create(Job, { metadata: at("always"), spec: { template } })), [
          'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
        ])
      })
    )

    it.effect("who signs a certificate does not approve it", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const asked = yield* SigningRequest.make({ commonName: "jane" })
        const request = Buffer.from(asked.request).toString("base64")
        const spec = { request, signerName: "example.com/s", usages: ["client auth"] }
        const made = yield* client.create(CertificateSigningRequest, { metadata: { name: "csr" }, spec })
        const approved = { type: "Approved", status: "True" }
        const write = (of: CertificateSigningRequest, types: ReadonlyArray<string>, subresource: string) =>
          client.update(
            CertificateSigningRequest,
            {
              ...of,
              metadata: { ...of.metadata, annotations: { [subresource]: "yes" } },
              status: { ...of.status, conditions: types.map((type) => ({ ...approved, type })) }
            },
            { subresource }
          )
        const typesOf = ({ status }: CertificateSigningRequest) => status.conditions?.map(({ type }) => type)
        const no = (what: string, type: string) =>
          `status.conditions: Forbidden: updates may not ${what} a condition of type ${JSON.stringify(type)}`
        assert.deepStrictEqual(yield* causes(write(made, ["Approved", "Failed"], "status")), [no("add", "Approved")])
        const signed = yield* write(made, ["Failed"], "status")
        const allowed = yield* write(signed, ["Failed", "Approved"], "approval")
        assert.deepStrictEqual(typesOf(allowed), ["Failed", "Approved"])
        assert.deepStrictEqual(allowed.metadata.annotations, { approval: "yes" })
        assert.deepStrictEqual(yield* causes(write(allowed, ["Denied"], "status")), [
          no("remove", "Approved"),
          no("add", "Denied"),
          no("remove", "Failed")
        ])
      })
    )

    it.effect("Services, Secrets, ConfigMaps, bindings of roles", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const service = yield* client.create(Service, {
          metadata: at("svc"),
          spec: { type: "NodePort", ports: [{ port: 80 }] }
        })
        assert.deepStrictEqual(service.spec.ports, [{ port: 80, protocol: "TCP", targetPort: 80 }])
        assert.strictEqual(service.spec.externalTrafficPolicy, "Cluster")
        assert.isUndefined(service.metadata.generation)
        const alias = { ...service.spec, type: "ExternalName", externalName: "example.com" }
        const moved = yield* client.update(Service, { ...service, spec: alias })
        assert.isUndefined(moved.spec.externalTrafficPolicy, "what only the old type had goes with it")
        const ports = [{ port: 80 }, { port: 80 }]
        assert.deepStrictEqual(yield* causes(client.create(Service, { metadata: at("x"), spec: { ports } })), [
          "spec.ports[0].name: Required value",
          "spec.ports[1].name: Required value",
          'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}'
        ])
        const secret = yield* client.create(Secret, { metadata: at("s"), stringData: { a: "b" }, immutable: true })
        assert.deepStrictEqual([secret.data, secret.stringData, secret.type], [{ a: "Yg==" }, undefined, "Opaque"])
        assert.deepStrictEqual(yield* causes(client.update(Secret, { ...secret, data: { a: "" } })), [
          "data: Forbidden: field is immutable when `immutable` is set"
        ])
        const odd = yield* client.create(Secret, { metadata: at("odd"), type: "constructor" })
        assert.strictEqual(odd.type, "constructor")
        const map = yield* client.create(ConfigMap, { metadata: at("m"), data: { a: "1" } })
        assert.deepStrictEqual(yield* causes(client.update(ConfigMap, { ...map, data: { "a b": "1" } })), [
          "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        ])
        const binding = yield* client.create(ClusterRoleBinding, {
          metadata: { name: "a:b" },
          roleRef: { kind: "ClusterRole", name: "x", apiGroup: "" },
          subjects: [{ kind: "User", name: "u", apiGroup: "" }]
        })
        const group = "rbac.authorization.k8s.io"
        assert.deepStrictEqual(binding.subjects, [{ kind: "User", name: "u", apiGroup: group }])
        assert.strictEqual(binding.roleRef.apiGroup, group)
        const other = { ...binding, roleRef: { ...binding.roleRef, name: "y" } }
        assert.lengthOf(yield* causes(client.update(ClusterRoleBinding, other)), 1)
      })
    )

    it.effect("a Namespace waits for its finalizer", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Namespace, { metadata: { name: "ns" } })
        assert.deepStrictEqual(made.metadata.labels, { "kubernetes.io/metadata.name": "ns" })
        assert.deepStrictEqual([made.spec.finalizers, made.status.phase], [["kubernetes"], "Active"])
        yield* client.delete(Namespace, keyOf(made))
        const going = yield* client.get(Namespace, keyOf(made))
        assert.strictEqual(going.status.phase, "Terminating")
        yield* client.update(Namespace, { ...going, spec: { finalizers: [] } }, { subresource: "finalize" })
        assert.strictEqual((yield* client.find(Namespace, keyOf(made)))._tag, "None")
      })
    )
  })
})
