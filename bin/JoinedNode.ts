/** A node of a cluster that runs elsewhere: what it has of its own, and how it comes to it. */
import { Effect, Option, Scope, Stream } from "effect"
import { join } from "node:path"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"
import type { Client } from "../kernel/client/Client.ts"
import * as Held from "../plugins/certificates/Held.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../plugins/certificates/contracts/Requests.ts"
import * as Signers from "../plugins/certificates/contracts/Signers.ts"
import { ConfigMap } from "../plugins/resources/contracts/core/v1.ts"
import * as Join from "./Join.ts"
import type { Settings } from "./Settings.ts"

/** The certificates of a node that has joined, each with a file of its own. */
const folder = ({ dataDir }: Settings) => join(dataDir, "pki")

/** What is shown until the cluster has signed something better: whoever checks it does not believe it. */
const provisional = Effect.fnUntraced(function* ({ nodeIp, nodeName }: Settings) {
  const own = yield* Pki.authority(`${nodeName}-provisional`)
  return yield* Pki.issue(own, Requests.kubeletServing(nodeName, [nodeIp]))
})

const without = "this node has no certificate, or it has expired: join again, with --join and --token"

/** Where it is, and by what authority it is known. */
type Cluster = Pick<Join.Joined, "server" | "ca"> & { readonly others: () => ReadonlyArray<string> }

/** The node's own identity. The first time the token asks for it. */
const identify = Effect.fnUntraced(function* (settings: Settings, about: Cluster, token: string | undefined) {
  const shown = () => kubelet.current() ?? { cert: "", key: "" }
  const own = yield* Join.clientOf({ ...about, identity: shown })
  const first = token === undefined ? own : yield* Join.clientOf({ ...about, token })
  const self = Effect.succeed(own.client)
  const kubelet: Held.Held = yield* Held.make({
    directory: folder(settings),
    holder: settings.nodeName,
    name: "kubelet-client",
    request: Requests.kubelet(settings.nodeName),
    signerName: Signers.kubeletClient,
    client: Effect.suspend(() => (kubelet.current() === undefined ? Effect.succeed(first.client) : self))
  })
  if (kubelet.current() === undefined) {
    if (token === undefined) return yield* new Join.CannotJoin({ message: without })
    yield* Effect.logInfo(`${settings.nodeName} asks for its certificate`)
    yield* kubelet.first
  }
  yield* kubelet.keep
  return { self, access: Effect.succeed({ ...about, identity: shown, file: kubelet.file }) }
})

/** An identity of one of the node's parts: asked for when it is needed first. */
const part = Effect.fnUntraced(function* (about: Cluster, held: Held.Held) {
  const scope = yield* Scope.Scope
  const asking = yield* Effect.cached(Effect.provideService(held.keep, Scope.Scope, scope))
  return Effect.map(Effect.andThen(asking, Stream.runHead(held.renewed)), (first) => ({
    ...about,
    file: held.file,
    identity: () => held.current() ?? Option.getOrElse(first, () => ({ cert: "", key: "" }))
  }))
})

/** What a node has that has joined: an identity for each of its parts, and a certificate for its server. All are renewed in time. */
export const own = Effect.fn("JoinedNode.own")(function* (
  settings: Settings,
  joined: Join.Joined,
  { others, token }: { readonly token: string | undefined; readonly others: () => ReadonlyArray<string> }
) {
  const { nodeIp, nodeName } = settings
  const about = { server: joined.server, ca: joined.ca, others }
  const { access, self } = yield* identify(settings, about, token)
  const held = (name: string, request: Pki.Request, signerName: string) =>
    Held.make({ directory: folder(settings), holder: nodeName, name, request, signerName, client: self })
  const serving = yield* held("kubelet-serving", Requests.kubeletServing(nodeName, [nodeIp]), Signers.kubeletServing)
  yield* serving.keep
  const proxy = yield* held("kube-proxy", Requests.kubeProxy, Signers.apiserverClient)
  const dns = yield* held("dns", Requests.dns, Signers.apiserverClient)
  const ingress = yield* held("ingress", Requests.ingress, Signers.apiserverClient)
  const volumes = yield* held("volumes", Requests.volumes, Signers.apiserverClient)
  const secured = (pair: Pki.Pair) => ({ ...pair, clientCa: joined.ca })
  return {
    access: {
      kubelet: access,
      kubeProxy: yield* part(about, proxy),
      dns: yield* part(about, dns),
      ingress: yield* part(about, ingress),
      volumes: yield* part(about, volumes)
    },
    serving: {
      tls: secured(serving.current() ?? (yield* provisional(settings))),
      renewed: Stream.map(serving.renewed, secured)
    }
  }
})

/** The authority of those who ask the kubelet: what the cluster says, or that of the API itself. */
const clientCa = Effect.fnUntraced(function* (client: Client["Service"], ca: string) {
  const key = { namespace: "kube-system", name: "extension-apiserver-authentication" }
  const map = yield* Effect.orElseSucceed(client.find(ConfigMap, key), () => Option.none<ConfigMap>())
  return Option.getOrUndefined(map)?.data?.["client-ca-file"] ?? ca
})

/** What a node has that uses the identity of a kubeconfig: all its parts are that one. Only a node's own may have its server signed for. */
export const byKubeconfig = Effect.fn("JoinedNode.byKubeconfig")(function* (settings: Settings, file: string) {
  const { nodeIp, nodeName } = settings
  const options = yield* Kubeconfig.read(file)
  const { client } = yield* Join.clientOf(options)
  const request = Requests.kubeletServing(nodeName, [nodeIp])
  const ca = yield* clientCa(client, options.ca ?? "")
  const secured = (pair: Pki.Pair) => ({ ...pair, clientCa: ca })
  const isNode =
    options.clientCertificate !== undefined && Pki.subject(options.clientCertificate).commonName === request.commonName
  const about = { directory: folder(settings), holder: nodeName, name: "kubelet-serving", client: Effect.succeed(client) }
  const serving = isNode ? yield* Held.make({ ...about, request, signerName: Signers.kubeletServing }) : undefined
  if (serving !== undefined) yield* serving.keep
  const access = Effect.succeed(options)
  return {
    access: { kubelet: access, kubeProxy: access, dns: access, ingress: access, volumes: access },
    serving: {
      tls: secured(serving?.current() ?? (yield* provisional(settings))),
      ...(serving !== undefined && { renewed: Stream.map(serving.renewed, secured) })
    }
  }
})
