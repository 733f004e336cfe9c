/** Scenarios of what serves the cluster itself, in which controllers are killed: certificates, tokens, ranges, and what is cleaned up. */
import { Effect, Layer } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { Client } from "../../kernel/client/Client.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import * as BootstrapToken from "../../plugins/authentication/contracts/BootstrapToken.ts"
import * as SecretToken from "../../plugins/authentication/contracts/SecretToken.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Signers from "../../plugins/certificates/contracts/Signers.ts"
import * as SigningRequest from "../../plugins/certificates/contracts/SigningRequest.ts"
import * as ApiServers from "../../plugins/cluster/contracts/ApiServers.ts"
import * as BootstrapSigner from "../../plugins/controllers/bootstrap-signer/BootstrapSigner.ts"
import * as ClusterInfo from "../../plugins/controllers/cluster-info/ClusterInfo.ts"
import * as CsrApproving from "../../plugins/controllers/csr-approving/CsrApproving.ts"
import * as CsrCleaner from "../../plugins/controllers/csr-cleaner/CsrCleaner.ts"
import * as CsrSigning from "../../plugins/controllers/csr-signing/CsrSigning.ts"
import * as LeaseCleaner from "../../plugins/controllers/lease-cleaner/LeaseCleaner.ts"
import * as PodGc from "../../plugins/controllers/podgc/PodGc.ts"
import * as ServiceAccountToken from "../../plugins/controllers/serviceaccount-token/ServiceAccountToken.ts"
import * as ServiceCidrs from "../../plugins/controllers/service-cidrs/ServiceCidrs.ts"
import * as Migrator from "../../plugins/controllers/storage-version-migrator/StorageVersionMigrator.ts"
import * as AttributesClasses from "../../plugins/controllers/storage-protection/AttributesClasses.ts"
import * as TokenCleaner from "../../plugins/controllers/token-cleaner/TokenCleaner.ts"
import { SubjectAccessReview } from "../../plugins/resources/contracts/authorization/v1.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import {
  ConfigMap,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  Secret,
  ServiceAccount
} from "../../plugins/resources/contracts/core/v1.ts"
import { ServiceCIDR } from "../../plugins/resources/contracts/networking/v1.ts"
import { VolumeAttributesClass } from "../../plugins/resources/contracts/storage/v1.ts"
import { StorageVersionMigration } from "../../plugins/resources/contracts/storagemigration/v1beta1.ts"
import { at, names, when } from "./Cluster.ts"
import { until } from "./KilledWorkloads.ts"
import type { Scenario } from "./Killing.ts"

const past = "2020-01-01T00:00:00Z"
const ofCluster = (name: string) => ({ namespace: "", name })
const said = (all: ReadonlyArray<{ readonly type: string; readonly status: string }> = [], type: string, status = "True") =>
  all.some((one) => one.type === type && one.status === status)

/** Whoever asks may. */
const allowed = Layer.unwrap(
  Effect.succeed(
    Actions.add({
      storage: SubjectAccessReview.storage,
      subresource: "",
      act: (_, body) => Effect.succeed({ ...body, metadata: {}, status: { allowed: true } })
    })
  )
)
const signing = {
  name: "certificatesigningrequest-signing",
  layer: Layer.unwrap(Effect.map(Pki.authority("test"), (ca) => CsrSigning.plugin({ ca }).layer))
}

/** The same in each run, so that runs can be compared. */
const request = Effect.runSync(Effect.cached(SigningRequest.make(Requests.kubelet("n1"))))

const certificates: Scenario = {
  name: "a machine gets the certificate that it asks for; what was denied long ago goes",
  controllers: [CsrApproving.plugin({ parts: [], reserved: [] }), signing, CsrCleaner.plugin],
  kinds: [CertificateSigningRequest],
  beside: allowed,
  drive: Effect.gen(function* () {
    const client = yield* Client
    const encoded = Buffer.from((yield* request).request).toString("base64")
    const spec = { request: encoded, usages: ["digital signature", "client auth"] }
    const create = (name: string, signerName: string) =>
      client.create(CertificateSigningRequest, { metadata: { name }, spec: { ...spec, signerName } })
    yield* create("node", Signers.kubeletClient)
    const old = yield* create("old", "example.com/other")
    const conditions = [{ type: "Denied", status: "True", reason: "r", lastUpdateTime: past }]
    yield* client.update(CertificateSigningRequest, { ...old, status: { conditions } }, { subresource: "approval" })
    yield* until(CertificateSigningRequest, "node", ({ status }) => status.certificate !== undefined)
    yield* when(CertificateSigningRequest, (all) => all.length === 1)
  })
}

const token = (id: string, expires?: number) => {
  const usages = BootstrapToken.usages
  const secret = "0123456789abcdef"
  return BootstrapToken.draft({ id, secret, description: "", usages, groups: [], ...(expires !== undefined && { expires }) })
}

const joining: Scenario = {
  name: "what a cluster says of itself is there, and signed by the tokens that live",
  controllers: [
    ClusterInfo.plugin({
      server: "https://192.0.2.1:6443",
      ca: "CA",
      config: { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/16", clusterDomain: "cluster.local" }
    }),
    BootstrapSigner.plugin,
    TokenCleaner.plugin
  ],
  kinds: [ConfigMap, Secret],
  drive: Effect.gen(function* () {
    const client = yield* Client
    for (const name of ["kube-public", "kube-system"]) yield* client.create(Namespace, { metadata: { name } })
    yield* client.create(Secret, token("aaaaaa"))
    yield* client.create(Secret, token("bbbbbb"))
    yield* client.create(Secret, token("cccccc", 1000))
    const signedBy = (...ids: ReadonlyArray<string>) =>
      until(ConfigMap, "cluster-info", ({ data = {} }) => {
        const found = Object.keys(data).filter((name) => name.startsWith("jws-"))
        return found.toSorted().join() === ids.map((id) => `jws-kubeconfig-${id}`).join()
      })
    yield* signedBy("aaaaaa", "bbbbbb")
    yield* client.delete(Secret, { namespace: "kube-system", name: "bootstrap-token-aaaaaa" })
    yield* signedBy("bbbbbb")
    yield* when(Secret, (all) => all.length === 1)
    yield* when(ConfigMap, (all) => all.length === 2)
  })
}

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
const signingKey = privateKey.export({ type: "pkcs8", format: "pem" }).toString()

const tokens: Scenario = {
  name: "Secrets for tokens are filled, and go with their account",
  controllers: [ServiceAccountToken.plugin({ signingKey, ca: "PEM" })],
  kinds: [Secret, ServiceAccount],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const secret = (name: string, account: string) =>
      client.create(Secret, {
        metadata: { ...at(name), annotations: { [SecretToken.annotations.name]: account } },
        type: SecretToken.secretType
      })
    for (const name of ["app", "other"]) yield* client.create(ServiceAccount, { metadata: at(name) })
    for (const name of ["a", "b"]) yield* secret(name, "app")
    yield* secret("of-other", "other")
    yield* secret("of-nobody", "nobody")
    const filled = (count: number) =>
      when(Secret, (all) => all.length === count && all.every(({ data = {} }) => data["token"] !== undefined))
    yield* filled(3)
    yield* client.delete(ServiceAccount, at("other"))
    yield* filled(2)
  })
}

const cidrs: Scenario = {
  name: "ranges of Services become ready, and go",
  controllers: [ServiceCidrs.plugin({ grace: 0 })],
  kinds: [ServiceCIDR],
  drive: Effect.gen(function* () {
    const client = yield* Client
    for (const [name, cidr] of [
      ["stays", "10.97.0.0/24"],
      ["goes", "10.98.0.0/24"]
    ] as const) {
      yield* client.create(ServiceCIDR, { metadata: { name }, spec: { cidrs: [cidr] } })
      yield* until(
        ServiceCIDR,
        name,
        ({ metadata, status }) => said(status.conditions, "Ready") && metadata.finalizers?.length === 1
      )
    }
    yield* client.delete(ServiceCIDR, ofCluster("goes"))
    yield* when(ServiceCIDR, (all) => names(all).join() === "stays")
  })
}

const migration: Scenario = {
  name: "migrations of a resource run one after another",
  controllers: [Migrator.plugin],
  kinds: [ConfigMap],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(ConfigMap, { metadata: at("map") })
    const resource = { group: "", resource: "configmaps" }
    for (const name of ["one", "two"])
      yield* client.create(StorageVersionMigration, { metadata: { name }, spec: { resource } })
    yield* when(
      StorageVersionMigration,
      (all) =>
        all.length === 2 &&
        all.every(({ status }) => said(status?.conditions, "Succeeded") && said(status?.conditions, "Running", "False"))
    )
  })
}

const leftovers: Scenario = {
  name: "Leases of servers and classes of volumes that nobody uses go",
  controllers: [LeaseCleaner.plugin, AttributesClasses.plugin],
  kinds: [Lease, VolumeAttributesClass],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const { labels, namespace } = ApiServers
    for (const [name, renewTime] of [
      ["old", "2020-01-01T00:00:00.000000Z"],
      ["older", "2019-01-01T00:00:00.000000Z"],
      ["alive", "2999-01-01T00:00:00.000000Z"]
    ] as const) {
      const spec = { leaseDurationSeconds: 15, renewTime, holderIdentity: name }
      yield* client.create(Lease, { metadata: { name, namespace, labels }, spec })
    }
    for (const name of ["used", "free"])
      yield* client.create(VolumeAttributesClass, {
        metadata: { name },
        driverName: "d.example.com",
        parameters: { a: "b" }
      })
    const resources = { requests: { storage: "1Gi" } }
    yield* client.create(PersistentVolumeClaim, {
      metadata: at("claim"),
      spec: { accessModes: ["ReadWriteOnce"], resources, volumeAttributesClassName: "used" }
    })
    yield* when(
      VolumeAttributesClass,
      (all) => all.length === 2 && all.every(({ metadata }) => metadata.finalizers?.length === 1)
    )
    for (const name of ["used", "free"]) yield* client.delete(VolumeAttributesClass, ofCluster(name))
    yield* when(VolumeAttributesClass, (all) => names(all).join() === "used")
    yield* when(Lease, (all) => names(all).join() === "alive")
  })
}

const garbage: Scenario = {
  name: "Pods of nodes that are gone or out of service go, and finished ones beyond those that are kept",
  controllers: [PodGc.pluginWith({ kept: 1, quarantine: 30, interval: 30 })],
  kinds: [Pod],
  drive: Effect.gen(function* () {
    const client = yield* Client
    const taints = [{ key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" }]
    yield* client.create(Node, { metadata: { name: "off" }, spec: { taints } })
    yield* client.create(Node, { metadata: { name: "on" } })
    const create = (name: string, nodeName: string) =>
      client.create(Pod, { metadata: at(name), spec: { containers: [{ name: "c", image: "i" }], nodeName } })
    for (const name of ["lost", "lost-too"]) yield* create(name, "gone")
    for (const name of ["stays", "ends"]) yield* create(name, "off")
    for (const name of ["over", "over-too", "evicted"]) {
      const pod = yield* create(name, "on")
      const reason = name === "evicted" ? { reason: "Evicted" } : {}
      yield* client.update(Pod, { ...pod, status: { ...pod.status, phase: "Failed", ...reason } }, { subresource: "status" })
    }
    yield* client.delete(Pod, at("ends"))
    yield* when(Pod, (all) => names(all).toSorted().join() === "over-too,stays")
  })
}

export const scenarios = [certificates, joining, tokens, cidrs, migration, leftovers, garbage]
