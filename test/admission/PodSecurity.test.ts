/** Pod security: what labels ask, what Pods are refused for, and what those who make Pods are warned of, in upstream's words. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { type Admitted, Admissions } from "../../kernel/pipeline/Policy.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import * as Configuration from "../../plugins/admission/pod-security/Configuration.ts"
import * as Evaluate from "../../plugins/admission/pod-security/Evaluate.ts"
import * as PodSecurity from "../../plugins/admission/pod-security/PodSecurity.ts"
import * as Policy from "../../plugins/admission/pod-security/Policy.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Namespace, Pod, type PodSpec } from "../../plugins/resources/contracts/core/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { admitted } from "./Admitted.ts"

const spec = (more: object = {}, container: object = {}): PodSpec =>
  ({ containers: [{ name: "a", image: "i", ...container }], ...more }) as unknown as PodSpec
const found = (level: Policy.Level, minor: number, pod: PodSpec) =>
  Evaluate.details(Evaluate.evaluate({ level, minor }, { spec: pod }))

const label = (mode: string, value: string) => ({ [`pod-security.kubernetes.io/${mode}`]: value })

const hardened = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" }
}

describe("a configuration", () => {
  const pods = `
      apiVersion: pod-security.admission.config.k8s.io/v1
      kind: PodSecurityConfiguration
      defaults: { enforce: baseline, enforce-version: v1.30, warn: restricted }
      exemptions: { usernames: [jane], namespaces: [kube-system] }`
  const admission = (plugin: string) => `
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: PodSecurity
    ${plugin}`
  const reading = (text: string) => Configuration.read(text, "a.yaml", () => Effect.succeed(pods))
  const said = (text: string) => Effect.map(Effect.flip(reading(text)), ({ message }) => message)

  it.effect("is upstream's, in one file or two", () =>
    Effect.gen(function* () {
      const expected: PodSecurity.Options = {
        defaults: {
          enforce: { level: "baseline", minor: 30 },
          audit: { level: "privileged", minor: Policy.latest },
          warn: { level: "restricted", minor: Policy.latest }
        },
        exemptions: { usernames: ["jane"], runtimeClasses: [], namespaces: ["kube-system"] }
      }
      assert.deepStrictEqual(yield* reading(admission(`configuration: ${pods}`)), expected)
      assert.deepStrictEqual(yield* reading(admission("path: pods.yaml")), expected)
    })
  )

  it.effect("that is wrong is refused with the place", () =>
    Effect.gen(function* () {
      const wrong = pods.replace("baseline", "strict").replace("jane", '""')
      const message = yield* said(admission(`configuration: ${wrong}`))
      assert.match(message, /a\.yaml: defaults\.enforce: /)
      assert.match(message, /a\.yaml: exemptions\.usernames\.0: /)
      assert.match(yield* said(admission("path: x").replace("PodSecurity", "EventRateLimit")), /EventRateLimit takes no/)
      assert.match(yield* said("kind: [}"), /a\.yaml: expected YAML/)
    })
  )
})

describe("a level", () => {
  it("names all that is wrong", () => {
    assert.strictEqual(
      found("restricted", Policy.latest, spec()),
      'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )
    assert.strictEqual(found("restricted", Policy.latest, spec({}, { securityContext: hardened })), "")
    assert.strictEqual(found("privileged", Policy.latest, spec({ hostPID: true })), "")
    const bad = spec(
      {
        hostNetwork: true,
        hostPID: true,
        initContainers: [{ name: "b", image: "i", securityContext: { privileged: true } }],
        volumes: [{ name: "v", hostPath: { path: "/" } }]
      },
      { ports: [{ containerPort: 1, hostPort: 80 }], securityContext: { capabilities: { add: ["NET_RAW", "CHOWN"] } } }
    )
    assert.strictEqual(
      found("baseline", Policy.latest, bad),
      'non-default capabilities (container "a" must not include "NET_RAW" in securityContext.capabilities.add), ' +
        "host namespaces (hostNetwork=true, hostPID=true), " +
        'hostPath volumes (volume "v"), hostPort (container "a" uses hostPort 80), ' +
        'privileged (container "b" must not set securityContext.privileged=true)'
    )
  })

  it("is as it was in its version", () => {
    const sysctl = spec({ securityContext: { sysctls: [{ name: "net.ipv4.tcp_rmem", value: "1" }] } })
    assert.strictEqual(found("baseline", 31, sysctl), "forbidden sysctls (net.ipv4.tcp_rmem)")
    assert.strictEqual(found("baseline", 32, sysctl), "")
    const windows = spec({ os: { name: "windows" }, securityContext: { runAsNonRoot: true } })
    assert.notStrictEqual(found("restricted", 24, windows), "")
    assert.strictEqual(found("restricted", 25, windows), "")
    const probe = spec({}, { livenessProbe: { httpGet: { host: "10.0.0.1", port: 1 } } })
    assert.strictEqual(found("baseline", 33, probe), "")
    assert.strictEqual(
      found("baseline", Policy.latest, probe),
      'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")'
    )
  })
})

describe("the labels of a namespace", () => {
  it("say what is enforced, and warn of the same unless they say otherwise", () => {
    const { causes, policy } = Policy.parse({ ...label("enforce", "baseline"), ...label("enforce-version", "v1.30") })
    assert.deepStrictEqual(causes, [])
    assert.deepStrictEqual([policy.enforce, policy.warn, policy.audit].map(Policy.format), [
      "baseline:v1.30",
      "baseline:v1.30",
      "privileged:latest"
    ])
    const wrong = Policy.parse({ ...label("enforce", "strict"), ...label("warn-version", "1.2") })
    assert.strictEqual(wrong.policy.enforce.level, "restricted")
    assert.deepStrictEqual(
      wrong.causes.map(({ detail, field }) => `${field}: ${detail}`),
      [
        'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
        'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"'
      ]
    )
  })
})

const admit = Effect.fnUntraced(function* (kind: Any, object: object, more: Partial<Admitted> = {}, subresource = "") {
  const warnings: Array<string> = []
  const attributes = {
    ...{ user: { name: "jane", groups: [] }, verb: more.old === undefined ? "create" : "update" },
    ...{ group: kind.versions[0].group, version: "v1", resource: kind.plural, subresource },
    ...{ namespace: kind === Namespace ? "" : "strict", name: "x" }
  }
  // Objects as they are decoded, hence the cast.
  const request = admitted(attributes, kind, {
    object: object as WireObject,
    warn: (text) => warnings.push(text),
    ...more
  })
  for (const { validate } of (yield* Admissions).all()) yield* validate?.(request) ?? Effect.void
  return warnings
})

const run = <A, E>(test: Effect.Effect<A, E, Admissions>, options: PodSecurity.Options = {}) => {
  const objects = new MemoryClient.Objects()
  objects.put(Namespace, { metadata: { name: "strict", labels: label("enforce", "restricted") } })
  for (const name of ["p1", "p2"]) {
    objects.put(Pod, { metadata: { namespace: "strict", name }, spec: { containers: [{ name: "a", image: "i" }] } })
  }
  const layer = PodSecurity.layer(options).pipe(
    Layer.provideMerge(Admissions.layer),
    Layer.provide(MemoryClient.layer(objects))
  )
  return Effect.provide(test, layer)
}

const pod = { metadata: { name: "x" }, spec: spec() }

describe("admission", () => {
  it.effect("refuses Pods, warns who makes them, and leaves alone what changes nothing", () =>
    run(
      Effect.gen(function* () {
        const error = yield* Effect.flip(admit(Pod, pod))
        assert.match(error.message, /^pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilege/)
        assert.deepStrictEqual(yield* admit(Pod, pod, { old: pod as unknown as WireObject }), [])
        assert.deepStrictEqual(yield* admit(Pod, pod, {}, "status"), [])
        const deployment = { metadata: { name: "x" }, spec: { template: pod } }
        const [warning = ""] = yield* admit(Deployment, deployment)
        assert.match(warning, /^would violate PodSecurity "restricted:latest": allowPrivilege/)
      })
    )
  )

  it.effect("lets through who is exempt", () =>
    run(admit(Pod, pod), { exemptions: { usernames: ["jane"] } }).pipe(
      Effect.map((warnings) => assert.deepStrictEqual(warnings, []))
    )
  )

  it.effect("tells a namespace that gets stricter of its Pods, and refuses labels that it does not know", () =>
    run(
      Effect.gen(function* () {
        const named = (labels: object) => ({ metadata: { name: "strict", labels } })
        const before = named({}) as unknown as WireObject
        assert.deepStrictEqual(yield* admit(Namespace, named(label("enforce", "restricted")), { old: before }), [
          'existing pods in namespace "x" violate the new PodSecurity enforce level "restricted:latest"',
          "p1 (and 1 other pod): allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"
        ])
        const error = yield* Effect.flip(admit(Namespace, named(label("audit", "loud"))))
        assert.strictEqual(
          error.message,
          'Namespace "x" is invalid: metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: "loud": must be one of privileged, baseline, restricted'
        )
      })
    )
  )
})
