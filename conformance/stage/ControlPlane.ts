/**
 * The API of a cluster without anybody in it, on a port of its own in this process: for parts that speak HTTPS. Who has a certificate
 * of its authority may do everything.
 */
import { Context, Effect, Layer } from "effect"
import * as Https from "../../adapters/client/https/Https.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import * as Pipeline from "../../kernel/pipeline/layer.ts"
import * as Policy from "../../kernel/pipeline/Policy.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import type { Log } from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import * as Apiserver from "../../plugins/apiserver/Apiserver.ts"
import { Routes } from "../../plugins/apiserver/contracts/Routes.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as ServiceAddresses from "../../plugins/service-addresses/ServiceAddresses.ts"
import * as Resources from "../../plugins/resources/Resources.ts"

/** How it is reached; PEM texts. */
export class ControlPlane extends Context.Service<
  ControlPlane,
  { readonly server: string; readonly ca: string; readonly cert: string; readonly key: string }
>()("conformance/ControlPlane") {}

const policies = Layer.mergeAll(
  Policy.Authenticators.add(1, ({ certificate }) =>
    Effect.succeed(certificate && { name: certificate.commonName, groups: [masters] })
  ),
  Policy.Authorizers.add(1, () => ({ decision: "allow" }))
)

const kernelOn = (log: Layer.Layer<Log>) =>
  Pipeline.layer.pipe(
    Layer.provideMerge(Tables.layer),
    Layer.provideMerge(log),
    Layer.provideMerge(Layer.mergeAll(Kinds.layer, Policy.layer, Actions.layer, Routes.layer))
  )

/** Services get addresses of both families. */
const addresses = ServiceAddresses.plugin({ serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"] }).layer.pipe(
  Layer.provide(PipelineClient.layer({ name: "system:apiserver", groups: [masters] }))
)

const address = "127.0.0.1"

const make = (log: Layer.Layer<Log>) =>
  Effect.gen(function* () {
    const ca = yield* Pki.authority("conformance")
    const tls = yield* Pki.issue(ca, { commonName: "kube-apiserver", hosts: [address], usages: ["server"] })
    const kubelet = yield* Pki.issue(ca, Requests.kubeletClient)
    const client = yield* Pki.issue(ca, Requests.dns)
    const door = Apiserver.layer({
      addresses: [address],
      port: 0,
      tls,
      clientCa: ca.cert,
      kubelet: { ca: ca.cert, ...kubelet }
    })
    const all = door.pipe(
      Layer.provideMerge(Layer.mergeAll(Resources.layer, policies, addresses)),
      Layer.provide(kernelOn(log))
    )
    const { port } = Context.get(yield* Layer.build(all), Apiserver.Listening)
    return { server: `https://${address}:${port}`, ca: ca.cert, ...client }
  })

/** On a store that is there already. */
export const layerOn = (log: Layer.Layer<Log>) => Layer.effect(ControlPlane, make(log))
export const layer = layerOn(MemoryLog.layer)

/** A client of it. */
export const client = Layer.unwrap(
  Effect.map(ControlPlane, ({ ca, cert, key, server }) =>
    Layer.provide(ApiClient.layer, Https.layer({ server, ca, clientCertificate: cert, clientKey: key }))
  )
)
