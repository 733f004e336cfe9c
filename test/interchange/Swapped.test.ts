/**
 * A cluster with its scheduler and its controllers switched off, and upstream's in their place: with hollow nodes, on this machine's
 * loopback. What is to become of a Deployment becomes of it as ever.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"
import * as Program from "../../adapters/Program.ts"
import type { Endpoint } from "../../conformance/stage/Endpoint.ts"
import { Client } from "../../kernel/client/Client.ts"
import { freePort } from "../../kernel/FreePort.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { keelson, launch, until } from "../e2e/Cluster.ts"
import { at, eventually, find, isReady, list, podsOf } from "../e2e/Eventually.ts"
import { left } from "../Left.ts"
import * as Beside from "./Beside.ts"

const lacks = ["kube-controller-manager", "kube-scheduler"].filter((name) => Program.find(name) === undefined)

/** What upstream's kube-controller-manager does not do: it tells joining machines of the cluster, and lets kubelets serve. */
const ours = "cluster-info,certificatesigningrequest-approving"

const cluster = Effect.fnUntraced(function* (directory: string) {
  const [api, kubelet] = [yield* freePort, yield* freePort]
  const ports = ["--node-ip", "127.0.0.1", "--api-port", `${api}`, "--kubelet-port", `${kubelet}`]
  const off = ["--scheduler", "none", "--controllers", ours]
  const args = ["up", "--data-dir", directory, "--node-name", "h1", "--runtime", "hollow", ...ports, ...off]
  const up = yield* Effect.acquireRelease(
    Effect.sync(() => launch([process.execPath, keelson, ...args])),
    (up) =>
      Effect.andThen(
        Effect.sync(() => up.code === undefined && process.kill(-up.pid, "SIGINT")),
        until(
          "the end",
          60,
          () => up.code !== undefined,
          () => up.text
        )
      )
  )
  yield* until(
    "the API",
    120,
    () => up.text.includes("API ready") || up.code !== undefined,
    () => up.text
  )
  assert.isUndefined(up.code, up.text)
})

/** kube-controller-manager as a cluster's administrator would start it, with the cluster's keys, and kube-scheduler. */
const theirs = Effect.fnUntraced(function* (directory: string, endpoint: Endpoint) {
  const pki = (name: string) => join(directory, "pki", name)
  yield* Beside.program("kube-scheduler", directory, endpoint)
  yield* Beside.program("kube-controller-manager", directory, endpoint, {
    controllers: "*,bootstrap-signer-controller,token-cleaner-controller",
    "use-service-account-credentials": "true",
    "service-account-private-key-file": pki("sa.key"),
    "root-ca-file": pki("ca.crt"),
    "cluster-signing-cert-file": pki("ca.crt"),
    "cluster-signing-key-file": pki("ca.key"),
    "allocate-node-cidrs": "true",
    "cluster-cidr": "10.244.0.0/16",
    "service-cluster-ip-range": "10.96.0.0/16"
  })
})

const labels = { app: "web" }
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "busybox" }] } }
const draft = { metadata: at("web"), spec: { replicas: 2, selector: { matchLabels: labels }, template } }

const story = Effect.fnUntraced(function* (directory: string, endpoint: Endpoint) {
  const client = yield* Client
  yield* client.create(Deployment, draft)
  yield* eventually("the Deployment is taken note of by nobody", 5, list(Pod), (pods) => pods.length === 0)
  yield* theirs(directory, endpoint)
  const pods = yield* eventually("two Pods are ready", 60, podsOf("web"), (all) => all.filter(isReady).length === 2)
  assert.deepStrictEqual(
    pods.map(({ spec }) => spec.nodeName),
    ["h1", "h1"]
  )
  const told = find(Deployment, at("web"))
  yield* eventually("and told of", 30, told, (web) => web?.status.availableReplicas === 2)
  yield* client.delete(Deployment, at("web"))
  yield* eventually("all goes with it", 60, podsOf("web"), ({ length }) => length === 0)
})

/** As its administrator. */
const endpointOf = Effect.fnUntraced(function* (directory: string) {
  const { ca = "", clientCertificate = "", clientKey = "", server } = yield* Kubeconfig.read(join(directory, "kubeconfig"))
  return { server, ca, cert: clientCertificate, key: clientKey } satisfies Endpoint
})

describe.skipIf(lacks.length > 0)(`upstream's scheduler and controllers in the place of ours${left(lacks)}`, () => {
  it.live("bring a Deployment where ours would", () =>
    Effect.gen(function* () {
      const directory = yield* Beside.directory
      yield* cluster(directory)
      const endpoint = yield* endpointOf(directory)
      yield* Effect.scoped(Effect.provide(story(directory, endpoint), Beside.clientOf(endpoint)))
      assert.include(readFileSync(join(directory, "run", "settings.json"), "utf8"), `"scheduler":"none"`)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
