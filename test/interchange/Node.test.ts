/** Upstream's kubelet, kube-proxy and CoreDNS in a cluster of Keelson: the kubelet joins by a token, as it would join any. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import { Client } from "../../kernel/client/Client.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { ConfigMap, Node, Pod, Secret, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import { ClusterRoleBinding } from "../../plugins/resources/contracts/rbac/v1.ts"
import * as Cluster from "../e2e/Cluster.ts"
import { at, container, eventually, find, isReady, list } from "../e2e/Eventually.ts"
import * as Images from "../e2e/Images.ts"
import * as Machine from "../e2e/Machine.ts"
import * as Pair from "../e2e/Pair.ts"
import * as Site from "../e2e/Site.ts"
import * as NodeMachine from "./Machine.ts"
import * as Upstream from "./Upstream.ts"
import * as Web from "./Web.ts"

const name = "u2"
const lacks = [...Upstream.lacks("kubelet", "kube-proxy", "coredns"), ...Upstream.lacksContainerd]

/** The machine of upstream's node. */
class Other extends Context.Service<
  Other,
  {
    readonly site: Site.Shape
    readonly folders: ReturnType<typeof Containerd.folders>
    readonly inside: ReadonlyArray<string>
    readonly start: Effect.Success<typeof Upstream.starter>
  }
>()("test/interchange/Other") {}
const other = Layer.effect(
  Other,
  Effect.gen(function* () {
    const { site } = yield* Pair.make
    return Other.of({ site, ...(yield* NodeMachine.make(site)), start: yield* Upstream.starter })
  })
)

const api = Effect.map(Site.Site, ({ address, dataDir }) => ({
  server: `https://${address}:6443`,
  ca: readFileSync(join(dataDir, "pki", "ca.crt"), "utf8")
}))

const startKubelet = Effect.gen(function* () {
  const { folders, inside, site, start } = yield* Other
  const near = yield* Site.Site
  const { run } = yield* Cluster.Cluster
  const created = yield* run(process.execPath, [Cluster.keelson, "token", "create", "--data-dir", near.dataDir])
  const { ca, server } = yield* api
  const { file } = Upstream
  const config = NodeMachine.kubeletConfiguration(site, folders.socket, file(site, "ca.crt", ca))
  const flags = {
    config: file(site, "kubelet.json", config),
    "bootstrap-kubeconfig": file(site, "bootstrap", Upstream.kubeconfig(server, ca, { token: created.stdout.trim() })),
    kubeconfig: join(site.dataDir, "kubeconfig"),
    "root-dir": join(site.dataDir, "kubelet"),
    "cert-dir": join(site.dataDir, "certificates"),
    "hostname-override": name,
    "node-ip": site.address
  }
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  yield* start(site, "kubelet", args, { inside })
})

const node = find(Node, { namespace: "", name })
const readiness = (node: Node | undefined) => node?.status.conditions?.find(({ type }) => type === "Ready")?.status

/** A program of the cluster's own: an account with a role, and a kubeconfig with its token. */
const credentials = Effect.fnUntraced(function* (account: string, role: string) {
  const client = yield* Client
  const key = { namespace: "kube-system", name: account }
  yield* client.create(ServiceAccount, { metadata: key })
  yield* client.create(ClusterRoleBinding, {
    metadata: { name: account },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", ...key }]
  })
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata: {}, spec: {} }
  const { status } = yield* client.post(ServiceAccount, key, "token", body)
  const { ca, server } = yield* api
  return Upstream.kubeconfig(server, ca, { token: String(Object(status)["token"]) })
})

/** With everything that a kubelet asks the API for on a Pod's behalf. */
const full = {
  metadata: at("full"),
  spec: {
    terminationGracePeriodSeconds: 1,
    nodeSelector: { "kubernetes.io/hostname": name },
    initContainers: [
      {
        ...container(Images.tools, { name: "init", command: ["sh", "-c", "echo three > /memory/file"] }),
        volumeMounts: [{ name: "memory", mountPath: "/memory" }]
      }
    ],
    containers: [
      {
        ...container(Images.tools),
        env: [{ name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        volumeMounts: ["map", "secret", "memory"].map((name) => ({ name, mountPath: `/${name}` }))
      }
    ],
    volumes: [
      { name: "map", configMap: { name: "full" } },
      { name: "secret", secret: { secretName: "full" } },
      { name: "memory", emptyDir: { medium: "Memory" } }
    ]
  }
}

describe.skipIf(lacks.length > 0)(`upstream's node in our cluster${Machine.left(lacks)}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Layer.merge(Cluster.layer(), other), { timeout: "180 seconds" })((it) => {
      it.effect("the kubelet joins by a token, and gets both its certificates", () =>
        Effect.gen(function* () {
          const { folders, site } = yield* Other
          yield* startKubelet
          const ranged = yield* eventually("it has a range", 60, node, (node) => node?.spec.podCIDR !== undefined).pipe(
            Effect.mapError((error) => new Error(`${error.message}\n${Upstream.logOf(site, "kubelet")}`))
          )
          NodeMachine.network(site, folders.cni, ranged?.spec.podCIDR ?? "")
          const ready = yield* eventually("it is ready", 60, node, (node) => readiness(node) === "True")
          const requests = yield* eventually(
            "its certificates are signed",
            30,
            list(CertificateSigningRequest),
            (all) => all.length === 2 && all.every(({ status }) => status.certificate !== undefined)
          )
          const signers = requests.map(({ spec }) => spec.signerName)
          const { containerRuntimeVersion, kubeletVersion } = ready?.status.nodeInfo ?? {}
          yield* Upstream.said(
            `kubelet ${kubeletVersion} on ${containerRuntimeVersion}: Ready; signed: ${signers.join(", ")}`
          )
        })
      )
      it.effect("it runs Pods, with all that they ask for", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const { ask, exec } = yield* Cluster.Cluster
          const { folders } = yield* Other
          for (const archive of Images.archives()) yield* Effect.orDie(Containerd.importImage(folders.socket, archive))
          yield* client.create(ConfigMap, { metadata: at("full"), data: { file: "one\n" } })
          yield* client.create(Secret, { metadata: at("full"), stringData: { file: "two\n" } })
          yield* client.create(Pod, full)
          yield* eventually("it is ready", 60, find(Pod, at("full")), isReady)
          const read = yield* exec("full", ["sh", "-c", "cat /map/file /secret/file /memory/file; echo $NODE"])
          assert.deepStrictEqual(read, { code: 0, text: `one\ntwo\nthree\n${name}\n` })
          const failed = yield* exec("full", ["sh", "-c", "exit 3"])
          assert.strictEqual(failed.code, 3)
          const { pods } = yield* Web.run(name)
          const log = yield* ask(`/api/v1/namespaces/default/pods/${pods[0]?.metadata.name}/log`)
          assert.deepStrictEqual(log, { code: 200, text: "serving v1\n" })
          yield* client.delete(Pod, at("full"))
          yield* eventually("it is gone", 30, find(Pod, at("full")), (pod) => pod === undefined)
          yield* Upstream.said("Pods with ConfigMap, Secret, token, emptyDir and probes run there; logs and exec answer")
        })
      )
      it.effect("kube-proxy serves Services, and so does ours beside it", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const near = yield* Site.Site
          const { site, start } = yield* Other
          const { spec } = yield* client.get(Web.Service, at("web"))
          const pods = yield* Web.pods
          const kubeconfig = Upstream.file(site, "proxy", yield* credentials("kube-proxy", "system:node-proxier"))
          const config = JSON.stringify({
            ...{ kind: "KubeProxyConfiguration", apiVersion: "kubeproxy.config.k8s.io/v1alpha1", mode: "nftables" },
            ...{ clusterCIDR: "10.244.0.0/16", hostnameOverride: name, clientConnection: { kubeconfig } },
            ...{ conntrack: { maxPerCore: 0 }, metricsBindAddress: "127.0.0.1:10249" }
          })
          yield* start(site, "kube-proxy", [`--config=${Upstream.file(site, "proxy.json", config)}`])
          const url = `http://${spec.clusterIP}/`
          for (const machine of [site, near])
            assert.deepStrictEqual(yield* Web.meets(machine, url, pods), Web.answersOf(pods))
          yield* Upstream.said(`kube-proxy (nftables) leads ${url} to ${pods.length} Pods, and ours on the other node too`)
        })
      )
      it.effect("CoreDNS answers from our API", () =>
        Effect.gen(function* () {
          const client = yield* Client
          const { site, start } = yield* Other
          const { spec } = yield* client.get(Web.Service, at("web"))
          const kubeconfig = Upstream.file(site, "dns", yield* credentials("coredns", "keelson:dns"))
          const kubernetes = `kubernetes cluster.local in-addr.arpa {\n    kubeconfig ${kubeconfig} x\n  }`
          const corefile = Upstream.file(site, "Corefile", `.:1053 {\n  bind 127.0.0.1\n  errors\n  ${kubernetes}\n}\n`)
          yield* start(site, "coredns", ["-conf", corefile])
          const question = "web.default.svc.cluster.local"
          const [program = "", ...inside] = site.inside
          const asked = Effect.map(
            Machine.run(program, [...inside, "timeout", "3", "busybox", "nslookup", question, "127.0.0.1:1053"]),
            ({ stdout }) => stdout
          )
          yield* eventually("it answers", 30, asked, (text) => text.includes(spec.clusterIP ?? "-"))
          yield* Upstream.said(`CoreDNS says that ${question} is ${spec.clusterIP}`)
        })
      )
    })
  })
})
