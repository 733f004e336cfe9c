/** Controllers by which machines join: who approves and signs what, and what is cleaned up. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { X509Certificate } from "node:crypto"
import { Client } from "../../kernel/client/Client.ts"
import * as BootstrapToken from "../../plugins/authentication/contracts/BootstrapToken.ts"
import * as ClusterInfoFile from "../../plugins/authentication/contracts/ClusterInfo.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Signers from "../../plugins/certificates/contracts/Signers.ts"
import * as SigningRequest from "../../plugins/certificates/contracts/SigningRequest.ts"
import * as BootstrapSigner from "../../plugins/controllers/bootstrap-signer/BootstrapSigner.ts"
import * as ClusterInfo from "../../plugins/controllers/cluster-info/ClusterInfo.ts"
import * as CsrApproving from "../../plugins/controllers/csr-approving/CsrApproving.ts"
import * as CsrCleaner from "../../plugins/controllers/csr-cleaner/CsrCleaner.ts"
import * as CsrSigning from "../../plugins/controllers/csr-signing/CsrSigning.ts"
import * as TokenCleaner from "../../plugins/controllers/token-cleaner/TokenCleaner.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { ConfigMap, Namespace, type Node, Secret } from "../../plugins/resources/contracts/core/v1.ts"
import { nodeOf } from "../scheduler/Nodes.ts"
import { cluster, when } from "./Cluster.ts"

const options = { parts: ["system:kube-proxy"], reserved: ["192.0.2.1", "kubernetes.default.svc"] }
const node = { username: "system:node:n1", groups: ["system:nodes", "system:authenticated"] }
const machine = { username: "system:bootstrap:abcdef", groups: ["system:bootstrappers", "system:authenticated"] }
const usagesOf = ({ usages }: Pki.Request) => ["digital signature", ...usages.map((usage) => `${usage} auth`)]

const asked = (request: Pki.Request) =>
  Effect.flatMap(SigningRequest.make(request), (made) => Effect.fromResult(SigningRequest.parse(made.request)))

const recognised = Effect.fnUntraced(function* (
  signerName: string,
  request: Pki.Request,
  who: typeof node,
  usages = usagesOf(request)
) {
  const found = CsrApproving.recognised({ signerName, request: "", usages, ...who }, yield* asked(request), options)
  return found?.subresource
})

const nodeAt = (name: string, address: string, ready = "True"): Node => ({
  ...nodeOf(name),
  status: {
    ...nodeOf(name).status,
    addresses: [{ type: "InternalIP", address }],
    conditions: [{ type: "Ready", status: ready }]
  }
})

describe("certificates that nodes ask for", () => {
  it.effect("are recognised by signer, subject, names, usages and who asks", () =>
    Effect.gen(function* () {
      const { kubelet, kubeProxy } = Requests
      const { apiserverClient, kubeletClient } = Signers
      assert.strictEqual(yield* recognised(kubeletClient, kubelet("n1"), machine), "nodeclient")
      assert.strictEqual(yield* recognised(kubeletClient, kubelet("n1"), node), "selfnodeclient")
      assert.strictEqual(yield* recognised(kubeletClient, kubelet("n2"), node), "nodeclient")
      assert.strictEqual(yield* recognised(apiserverClient, kubeProxy, node), "nodeparts")
      for (const request of [
        Requests.admin,
        Requests.client("system:node:n1"),
        Requests.client("jane", "system:nodes"),
        { ...kubelet("n1"), hosts: ["n1"] },
        { ...kubelet("n1"), organizations: ["system:nodes", "system:masters"] }
      ])
        assert.isUndefined(yield* recognised(kubeletClient, request, machine))
      assert.isUndefined(yield* recognised(kubeletClient, kubelet("n1"), machine, ["server auth", "digital signature"]))
      assert.isUndefined(yield* recognised(apiserverClient, kubeProxy, machine))
      assert.isUndefined(yield* recognised(apiserverClient, Requests.admin, node))
      assert.isUndefined(yield* recognised(apiserverClient, { ...kubeProxy, organizations: ["system:masters"] }, node))
    })
  )

  it.effect("of a server are for the node's own names alone", () =>
    Effect.gen(function* () {
      const { kubeletServing } = Requests
      const serving = (...hosts: ReadonlyArray<string>) => ({ ...kubeletServing("n1", []), hosts })
      assert.strictEqual(
        yield* recognised(Signers.kubeletServing, kubeletServing("n1", ["192.0.2.7"]), node),
        "selfnodeserver"
      )
      assert.isUndefined(yield* recognised(Signers.kubeletServing, kubeletServing("n2", ["192.0.2.7"]), node))
      assert.isUndefined(yield* recognised(Signers.kubeletServing, serving(), node))
      const nodes = [nodeAt("n1", "192.0.2.7"), nodeAt("n2", "192.0.2.8")]
      const why = (request: Pki.Request, all = nodes) =>
        Effect.map(asked(request), (one) => CsrApproving.notItsOwn(one, all, options.reserved))
      assert.isUndefined(yield* why(serving("n1", "192.0.2.7")))
      assert.include(yield* why(serving("n1", "192.0.2.8")), "no address of the node n1")
      assert.include(yield* why(serving("kubernetes.default.svc")), "no address")
      assert.include(yield* why(serving("n1"), []), "no node n1")
      const liars = [nodeAt("n1", "192.0.2.8"), nodeAt("n2", "192.0.2.8")]
      assert.include(yield* why(serving("192.0.2.8"), liars), "another node")
      assert.include(yield* why(serving("192.0.2.1"), [nodeAt("n1", "192.0.2.1")]), "the API")
    })
  )

  it("nobody joins under the name of a node that is at work", () => {
    assert.isTrue(CsrApproving.isAtWork("n1", [nodeAt("n1", "192.0.2.7")]))
    assert.isFalse(CsrApproving.isAtWork("n1", [nodeAt("n1", "192.0.2.7", "Unknown"), nodeAt("n2", "192.0.2.8")]))
  })
})

const create = Effect.fnUntraced(function* (
  name: string,
  signerName: string,
  request: Pki.Request,
  more: { readonly expirationSeconds?: number } = {}
) {
  const client = yield* Client
  const made = yield* SigningRequest.make(request)
  const encoded = Buffer.from(made.request).toString("base64")
  const spec = { request: encoded, signerName, usages: usagesOf(request), ...node, ...more }
  return yield* client.create(CertificateSigningRequest, { metadata: { name }, spec })
})
const decide = (request: CertificateSigningRequest, type: string) =>
  Effect.gen(function* () {
    const client = yield* Client
    const now = new Date(yield* Effect.clockWith((clock) => clock.currentTimeMillis)).toISOString()
    const conditions = [{ type, status: "True", lastUpdateTime: now }]
    return yield* client.update(
      CertificateSigningRequest,
      { ...request, status: { ...request.status, conditions } },
      { subresource: "approval" }
    )
  })
const at = (name: string) => ({ namespace: "", name })

describe("signing", () => {
  it.live("what was approved gets what it asked for, for as long as it asked, and what does not fit a reason", () =>
    Effect.gen(function* () {
      const ca = yield* Pki.authority("test")
      yield* Effect.gen(function* () {
        const client = yield* Client
        const serving = Requests.kubeletServing("n1", ["192.0.2.7"])
        yield* decide(yield* create("good", Signers.kubeletServing, serving, { expirationSeconds: 600 }), "Approved")
        yield* decide(yield* create("odd", Signers.kubeletServing, { ...serving, commonName: "jane" }), "Approved")
        yield* decide(yield* create("denied", Signers.kubeletServing, serving), "Denied")
        yield* decide(yield* create("foreign", "example.com/signer", serving), "Approved")
        const has = (name: string, holds: (status: CertificateSigningRequest["status"]) => boolean) =>
          when(CertificateSigningRequest, (all) =>
            all.some(({ metadata, status }) => metadata.name === name && holds(status))
          )
        yield* has("good", ({ certificate }) => certificate !== undefined)
        yield* has("odd", ({ conditions = [] }) =>
          conditions.some(
            ({ message, reason, type }) =>
              type === "Failed" && reason === "SignerValidationFailure" && (message ?? "").includes("system:node:")
          )
        )
        const { status } = yield* client.get(CertificateSigningRequest, at("good"))
        const cert = new X509Certificate(Buffer.from(status.certificate ?? "", "base64"))
        assert.isTrue(cert.verify(new X509Certificate(ca.cert).publicKey))
        assert.deepStrictEqual(Pki.subject(cert.toString()), {
          commonName: "system:node:n1",
          organizations: ["system:nodes"]
        })
        assert.isDefined(cert.checkIP("192.0.2.7"))
        assert.deepStrictEqual(cert.keyUsage, ["1.3.6.1.5.5.7.3.1"])
        assert.isAtMost(cert.validToDate.getTime() - Date.now(), 600_000)
        for (const name of ["denied", "foreign"])
          assert.isUndefined((yield* client.get(CertificateSigningRequest, at(name))).status.certificate)
      }).pipe(Effect.provide(cluster(CsrSigning.plugin({ ca }))))
    })
  )

  it("requests go when nobody needs them", () => {
    const request = (status: CertificateSigningRequest["status"]): CertificateSigningRequest => ({
      metadata: { name: "r", uid: "u", resourceVersion: "1", creationTimestamp: "1970-01-01T00:00:00Z" },
      spec: { request: "", signerName: "a.b/c" },
      status
    })
    const hour = 3_600_000
    const since = { status: "True", lastUpdateTime: "1970-01-01T01:00:00Z" }
    assert.strictEqual(CsrCleaner.dueAt(request({})), 24 * hour)
    assert.strictEqual(CsrCleaner.dueAt(request({ conditions: [{ ...since, type: "Denied" }] })), 2 * hour)
    assert.strictEqual(
      CsrCleaner.dueAt(request({ conditions: [{ ...since, type: "Approved" }], certificate: "x" })),
      2 * hour
    )
    assert.isUndefined(CsrCleaner.dueAt(request({ conditions: [{ ...since, type: "Approved" }] })))
  })

  it.effect("and are deleted then", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* create("r", Signers.kubeletServing, Requests.kubelet("n1"))
      yield* TestClock.adjust("23 hours")
      assert.isTrue(Option.isSome(yield* client.find(CertificateSigningRequest, at("r"))))
      yield* TestClock.adjust("2 hours")
      assert.isTrue(Option.isNone(yield* client.find(CertificateSigningRequest, at("r"))))
    }).pipe(Effect.provide(cluster(CsrCleaner.plugin)))
  )
})

const token = (id: string, more: Partial<BootstrapToken.BootstrapToken> = {}) => {
  const { stringData, ...draft } = BootstrapToken.draft({
    id,
    secret: "0123456789abcdef",
    description: "",
    usages: BootstrapToken.usages,
    groups: [],
    ...more
  })
  // The memory keeps objects as they are written.
  const data = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(`${value}`).toString("base64")])
  return { ...draft, data: Object.fromEntries(data) }
}

describe("bootstrap tokens", () => {
  it.live("sign what the cluster says of itself, while they live", () =>
    Effect.gen(function* () {
      const client = yield* Client
      for (const name of ["kube-public", "kube-system"]) yield* client.create(Namespace, { metadata: { name } })
      yield* client.create(Secret, token("aaaaaa"))
      yield* client.create(Secret, token("bbbbbb", { usages: ["authentication"] }))
      yield* client.create(Secret, token("cccccc", { expires: 1000 }))
      const info = (holds: (data: { readonly [key: string]: string }) => boolean) =>
        Effect.map(
          when(ConfigMap, (all) => all.some(({ data = {}, metadata }) => metadata.name === "cluster-info" && holds(data))),
          (all) => all.find(({ metadata }) => metadata.name === "cluster-info")?.data ?? {}
        )
      const data = yield* info((data) => "jws-kubeconfig-aaaaaa" in data)
      assert.deepStrictEqual(Object.keys(data).toSorted(), ["jws-kubeconfig-aaaaaa", "kubeconfig"])
      const { "jws-kubeconfig-aaaaaa": signature = "", kubeconfig = "" } = data
      assert.isTrue(ClusterInfoFile.isSigned(signature, kubeconfig, "0123456789abcdef"))
      assert.isFalse(ClusterInfoFile.isSigned(signature, `${kubeconfig} `, "0123456789abcdef"))
      assert.isFalse(ClusterInfoFile.isSigned(signature, kubeconfig, "0123456789abcdeg"))
      assert.include(kubeconfig, "https://192.0.2.1:6443")
      yield* client.delete(Secret, { namespace: "kube-system", name: "bootstrap-token-aaaaaa" })
      yield* info((data) => !("jws-kubeconfig-aaaaaa" in data))
      const key = ClusterInfoFile.key
      yield* client.create(Secret, token("eeeeee"))
      yield* info((data) => "jws-kubeconfig-eeeeee" in data)
      const map = yield* client.get(ConfigMap, key)
      yield* client.update(ConfigMap, { ...map, data: { ...map.data, kubeconfig: "mine" } })
      const edited = yield* info(({ "jws-kubeconfig-eeeeee": signature = "" }) =>
        ClusterInfoFile.isSigned(signature, "mine", "0123456789abcdef")
      )
      assert.strictEqual(edited["kubeconfig"], "mine", "what somebody has changed stays, and is signed")
      yield* client.delete(ConfigMap, key)
      yield* info(({ kubeconfig = "" }) => kubeconfig.includes("https://192.0.2.1:6443"))
    }).pipe(
      Effect.provide(
        cluster(
          BootstrapSigner.plugin,
          ClusterInfo.plugin({
            server: "https://192.0.2.1:6443",
            ca: "CA",
            config: { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16", clusterDomain: "cluster.local" }
          })
        )
      )
    )
  )

  it.effect("are deleted when they have expired", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Secret, token("aaaaaa", { expires: 60_000 }))
      yield* client.create(Secret, token("bbbbbb"))
      yield* TestClock.adjust("59 seconds")
      assert.lengthOf(yield* client.list(Secret), 2)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        (yield* client.list(Secret)).map(({ metadata }) => metadata.name),
        ["bootstrap-token-bbbbbb"]
      )
    }).pipe(Effect.provide(cluster(TokenCleaner.plugin)))
  )
})
