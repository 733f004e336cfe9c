/** Upstream's control plane on a machine of the tests: etcd, kube-apiserver, controller-manager, scheduler, as kubeadm would start them. */
import { Context, Effect, Layer, Schedule } from "effect"
import { join } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as ClusterInfo from "../../plugins/authentication/contracts/ClusterInfo.ts"
import { kubeconfig } from "../../plugins/certificates/contracts/Kubeconfig.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import { ConfigMap, Namespace } from "../../plugins/resources/contracts/core/v1.ts"
import { ClusterRoleBinding, Role, RoleBinding } from "../../plugins/resources/contracts/rbac/v1.ts"
import { eventually } from "../e2e/Eventually.ts"
import * as Site from "../e2e/Site.ts"
import * as Upstream from "./Upstream.ts"

export const programs = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]

export class ControlPlane extends Context.Service<
  ControlPlane,
  { readonly server: string; readonly ca: string; readonly kubeconfig: string; readonly admin: Pki.Pair }
>()("test/interchange/ControlPlane") {}

const rbac = "rbac.authorization.k8s.io"
const group = (name: string) => ({ apiGroup: rbac, kind: "Group", name })
const user = (name: string) => ({ apiGroup: rbac, kind: "User", name })

/** What a cluster has that may be joined, beyond what its servers make themselves. */
const open = Effect.fnUntraced(function* (client: Client["Service"], server: string, ca: string) {
  yield* eventually("kube-public is there", 30, client.get(Namespace, { namespace: "", name: "kube-public" }), () => true)
  const { key } = ClusterInfo
  yield* client.create(ConfigMap, { metadata: { ...key }, data: { kubeconfig: kubeconfig({ server, ca, cluster: "" }) } })
  const rules = [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [key.name], verbs: ["get"] }]
  yield* client.create(Role, { metadata: { ...key }, rules })
  const roleRef = { apiGroup: rbac, kind: "Role", name: key.name }
  yield* client.create(RoleBinding, { metadata: { ...key }, roleRef, subjects: [user("system:anonymous")] })
  const bind = (name: string, subject: ReturnType<typeof user>) =>
    client.create(ClusterRoleBinding, {
      metadata: { name: `test:${name}` },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [subject]
    })
  const requests = "system:certificates.k8s.io:certificatesigningrequests"
  yield* bind("system:node-bootstrapper", group("system:bootstrappers"))
  yield* bind(`${requests}:nodeclient`, group("system:bootstrappers"))
  yield* bind(`${requests}:selfnodeclient`, group("system:nodes"))
  yield* bind("system:kubelet-api-admin", user(Requests.kubeletClient.commonName))
})

const make = Effect.gen(function* () {
  const site = yield* Site.Site
  const { address } = site
  const ca = yield* Pki.authority("upstream")
  const signing = yield* Pki.signingKey
  const server = `https://${address}:6443`
  const file = (name: string, text: string) => Upstream.file(site, name, text)
  const pair = (name: string, { cert, key }: Pki.Pair) => [file(`${name}.crt`, cert), file(`${name}.key`, key)] as const
  const serving = yield* Pki.issue(
    ca,
    Requests.apiServer({ serviceAddress: "10.96.0.1", domain: "cluster.local", hosts: [address] })
  )
  const kubeletClient = yield* Pki.issue(ca, Requests.kubeletClient)
  const admin = yield* Pki.issue(ca, Requests.admin)
  const [caFile, caKey] = pair("ca", ca)
  const [servingFile, servingKey] = pair("apiserver", serving)
  const [clientFile, clientKey] = pair("kubelet-client", kubeletClient)
  const signer = file("accounts.key", signing.privateKey)
  const verifier = file("accounts.pub", signing.publicKey)
  const kubeconfigFile = file("kubeconfig", Upstream.kubeconfig(server, ca.cert, admin))
  const flags = (given: { readonly [flag: string]: string }) =>
    Object.entries(given).map(([flag, value]) => `--${flag}=${value}`)

  yield* Upstream.start(
    site,
    "etcd",
    flags({
      "data-dir": join(site.dataDir, "etcd"),
      "listen-client-urls": "http://127.0.0.1:2379",
      "advertise-client-urls": "http://127.0.0.1:2379",
      "listen-peer-urls": "http://127.0.0.1:2380",
      "initial-advertise-peer-urls": "http://127.0.0.1:2380",
      "initial-cluster": "default=http://127.0.0.1:2380"
    })
  )
  yield* Upstream.start(
    site,
    "kube-apiserver",
    flags({
      "etcd-servers": "http://127.0.0.1:2379",
      "advertise-address": address,
      "client-ca-file": caFile,
      "tls-cert-file": servingFile,
      "tls-private-key-file": servingKey,
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      "enable-bootstrap-token-auth": "true",
      "service-account-key-file": verifier,
      "service-account-signing-key-file": signer,
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-cluster-ip-range": "10.96.0.0/16",
      "allow-privileged": "true",
      "kubelet-preferred-address-types": "InternalIP",
      "kubelet-client-certificate": clientFile,
      "kubelet-client-key": clientKey,
      "kubelet-certificate-authority": caFile
    })
  )
  const options = { server, ca: ca.cert, clientCertificate: admin.cert, clientKey: admin.key, userAgent: "interchange" }
  const services = yield* Layer.build(Layer.provide(ApiClient.layer, Https.layer(options)))
  const client = Context.get(services, Client)
  yield* client.list(Namespace).pipe(
    Effect.retry(Schedule.spaced("200 millis")),
    Effect.timeoutOrElse({
      duration: "60 seconds",
      orElse: () => Effect.die(new Error(`no API: ${Upstream.logOf(site, "kube-apiserver")}`))
    })
  )
  yield* Effect.orDie(open(client, server, ca.cert))
  yield* Upstream.start(
    site,
    "kube-controller-manager",
    flags({
      kubeconfig: kubeconfigFile,
      controllers: "*,bootstrap-signer-controller,token-cleaner-controller",
      "use-service-account-credentials": "true",
      "service-account-private-key-file": signer,
      "root-ca-file": caFile,
      "cluster-signing-cert-file": caFile,
      "cluster-signing-key-file": caKey,
      "allocate-node-cidrs": "true",
      "cluster-cidr": "10.244.0.0/16",
      "service-cluster-ip-range": "10.96.0.0/16",
      "leader-elect": "false"
    })
  )
  yield* Upstream.start(site, "kube-scheduler", flags({ kubeconfig: kubeconfigFile, "leader-elect": "false" }))
  return Context.make(ControlPlane, { server, ca: ca.cert, kubeconfig: kubeconfigFile, admin }).pipe(
    Context.add(Client, client)
  )
})

export const layer = Layer.effectContext(make)
