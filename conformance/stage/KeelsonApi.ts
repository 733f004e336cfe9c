/**
 * Our API server as a cluster has it, with every policy and without the controllers: what it answers is its own doing. On a store in
 * memory, in this process. A plugin that `bin/ControlPlane.ts` adds to what requests pass is added here, too.
 */
import { Context, Effect, Layer } from "effect"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import * as Pipeline from "../../kernel/pipeline/layer.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as CertificateAdmission from "../../plugins/admission/certificates/Certificates.ts"
import * as DefaultTolerations from "../../plugins/admission/default-tolerations/DefaultTolerations.ts"
import * as LimitRanger from "../../plugins/admission/limit-ranger/LimitRanger.ts"
import * as NamespaceLifecycle from "../../plugins/admission/namespace-lifecycle/NamespaceLifecycle.ts"
import * as Priority from "../../plugins/admission/priority/Priority.ts"
import * as ResourceQuotas from "../../plugins/admission/resource-quota/ResourceQuotas.ts"
import * as RuntimeClassAdmission from "../../plugins/admission/runtime-class/RuntimeClass.ts"
import * as ServiceAccountAdmission from "../../plugins/admission/service-account/ServiceAccount.ts"
import * as Apiserver from "../../plugins/apiserver/Apiserver.ts"
import { Routes } from "../../plugins/apiserver/contracts/Routes.ts"
import * as Authentication from "../../plugins/authentication/Authentication.ts"
import * as Authorization from "../../plugins/authorization/Authorization.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Cluster from "../../plugins/cluster/Cluster.ts"
import * as PodActions from "../../plugins/resources/core/PodActions.ts"
import * as Resources from "../../plugins/resources/Resources.ts"
import * as ServiceAddresses from "../../plugins/service-addresses/ServiceAddresses.ts"
import type { Endpoint } from "./Endpoint.ts"

const address = "127.0.0.1"
const issuer = "https://kubernetes.default.svc"
const serviceCidrs = ["10.96.0.0/16"]

const asSelf = Layer.provide(PipelineClient.layer({ name: "system:apiserver", groups: [masters] }))

const policies = (signingKey: string) =>
  Layer.mergeAll(
    Plugin.install(Resources.plugin),
    Plugin.install(PodActions.plugin),
    Plugin.install(Authentication.plugin({ signingKey, issuer, audiences: [issuer] })),
    Plugin.install(NamespaceLifecycle.plugin),
    Plugin.install(CertificateAdmission.plugin),
    Plugin.install(ServiceAccountAdmission.plugin),
    Plugin.install(RuntimeClassAdmission.plugin),
    Plugin.install(DefaultTolerations.plugin),
    Plugin.install(Priority.plugin),
    Plugin.install(LimitRanger.plugin),
    Plugin.install(ResourceQuotas.plugin),
    Plugin.install(ServiceAddresses.plugin({ serviceCidrs }))
  ).pipe(asSelf)

const kernel = Pipeline.layer.pipe(
  Layer.provideMerge(Tables.layer),
  Layer.provideMerge(MemoryLog.layer),
  Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, Routes.layer, Plugin.Host.layer))
)

const cluster = Cluster.plugin({
  identity: "conformance",
  address,
  port: 6443,
  serviceAddress: "10.96.0.1",
  dnsAddress: "10.96.0.10",
  serviceCidrs
})

/** Started with the scope, and ended with it. */
export const start = Effect.gen(function* () {
  const ca = yield* Pki.authority("conformance")
  const tls = yield* Pki.issue(ca, { commonName: "kube-apiserver", hosts: [address], usages: ["server"] })
  const kubelet = yield* Pki.issue(ca, Requests.kubeletClient)
  const admin = yield* Pki.issue(ca, Requests.admin)
  const { privateKey } = yield* Pki.signingKey
  const door = Apiserver.layer({
    addresses: [address],
    port: 0,
    tls,
    clientCa: ca.cert,
    kubelet: { ca: ca.cert, ...kubelet }
  })
  const all = Layer.merge(door, Plugin.install(cluster).pipe(asSelf)).pipe(
    Layer.provideMerge(Plugin.install(Authorization.plugin).pipe(asSelf)),
    Layer.provideMerge(policies(privateKey)),
    Layer.provideMerge(kernel)
  )
  const { port } = Context.get(yield* Layer.build(all), Apiserver.Listening)
  return { server: `https://${address}:${port}`, ca: ca.cert, ...admin } satisfies Endpoint
})
