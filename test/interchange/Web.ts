/** Some Pods behind a Service, and how they are asked. */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { type Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { at, container, eventually, isReady, podsOf } from "../e2e/Eventually.ts"
import * as Images from "../e2e/Images.ts"
import * as Machine from "../e2e/Machine.ts"
import type * as Site from "../e2e/Site.ts"

const labels = { app: "web" }

/** Two Pods on a node. */
export const deployment = (node: string) => ({
  metadata: at("web"),
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        nodeSelector: { "kubernetes.io/hostname": node },
        containers: [{ ...container(Images.web(1)), readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }]
      }
    }
  }
})
export const service = { metadata: at("web"), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }

export { Service }
export const pods = podsOf("web")

/** Makes them, and waits. */
export const run = Effect.fnUntraced(function* (node: string) {
  const client = yield* Client
  const { spec } = yield* client.create(Service, service)
  yield* client.create(Deployment, deployment(node))
  const ready = yield* eventually("both Pods are ready", 60, pods, (pods) => pods.length === 2 && pods.every(isReady))
  return { pods: ready, address: spec.clusterIP ?? "" }
})

/** What a web server says to a machine. */
export const fetch = ({ inside: [program = "", ...inside] }: Site.Shape, url: string) =>
  Effect.flatMap(
    Machine.run(program, [...inside, "timeout", "3", "busybox", "wget", "-qO-", url]),
    ({ code, stderr, stdout }) =>
      code === 0 ? Effect.succeed(stdout.trim()) : Effect.fail(new Error(`${url}: ${code} ${stderr}`))
  )

/** Asks until each of the Pods has answered. */
export const meets = Effect.fnUntraced(function* (site: Site.Shape, url: string, pods: ReadonlyArray<Pod>) {
  const seen = new Set<string>()
  const once = Effect.map(fetch(site, url), (text) => seen.add(text).size)
  yield* eventually(`${url} leads to every Pod`, 30, once, (size) => size === pods.length)
  return [...seen].toSorted()
})
export const answersOf = (pods: ReadonlyArray<Pod>) => pods.map(({ metadata }) => `${metadata.name} v1`).toSorted()
