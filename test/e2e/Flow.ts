/**
 * What every cluster must do, whatever its store, its number of processes and its threads: run an application, lead to it, change it
 * without losing a request, and outlive the death of its own processes.
 */
import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { Cluster } from "./Cluster.ts"
import { at, container, eventually, find, firstStatus, idOf, isReady, podsOf } from "./Eventually.ts"
import * as Images from "./Images.ts"
import { under } from "./Load.ts"
import * as Machine from "./Machine.ts"
import type { Site } from "./Site.ts"

const labels = { app: "web" }
const deployment = {
  metadata: at("web"),
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            ...container(Images.web(1)),
            ports: [{ name: "http", containerPort: 8080 }],
            readinessProbe: { httpGet: { port: "http", path: "/" }, periodSeconds: 1 },
            lifecycle: { preStop: { exec: { command: ["sleep", "3"] } } }
          }
        ]
      }
    }
  }
}
const service = { metadata: at("web"), spec: { selector: labels, ports: [{ port: 80, targetPort: "http" }] } }

const available = (count: number) =>
  eventually(`web has ${count} available`, 40, find(Deployment, at("web")), (found) => {
    const { availableReplicas = 0, observedGeneration, replicas = 0, updatedReplicas = 0 } = found?.status ?? {}
    const isCurrent = observedGeneration === found?.metadata.generation
    return isCurrent && availableReplicas === count && updatedReplicas === count && replicas === count
  })

const clusterIp = Effect.map(find(Service, at("web")), (found) => found?.spec.clusterIP ?? "")
const call = Effect.gen(function* () {
  const cluster = yield* Cluster
  return yield* cluster.fetch(`http://${yield* clusterIp}/`)
})

/** Who answers, asked until so many have. */
const answerers = (count: number) => {
  const seen = new Set<string>()
  const ask = Effect.map(call, (text) => [...seen.add(text)])
  return eventually(`${count} Pods answer`, 20, ask, (all) => all.length >= count)
}

const killContainer = (name: string) =>
  Effect.gen(function* () {
    const pod = yield* eventually(
      `${name} runs`,
      30,
      find(Pod, at(name)),
      (now) => firstStatus(now)?.state?.running !== undefined
    )
    const found = Machine.firstProcess(idOf(pod))
    assert.isDefined(found, `no process of container ${idOf(pod)}`)
    if (found !== undefined) yield* Effect.sync(() => process.kill(found.pid, "SIGKILL"))
  })

const restarts = (name: string, count: number) =>
  eventually(
    `${name} is restarted ${count} times`,
    30,
    find(Pod, at(name)),
    (now) => firstStatus(now)?.restartCount === count
  )

/** What must be the same after a crash: the objects' uids, and the containers' ids and restarts. */
const identities = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.list(Pod)
  const objects = [...(yield* client.list(Deployment)), ...(yield* client.list(Service)), ...pods]
  return {
    uids: objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.uid}`).toSorted(),
    containers: pods
      .map((pod) => `${pod.metadata.name} ${idOf(pod)} ${firstStatus(pod)?.restartCount ?? 0} ${pod.status.podIP}`)
      .toSorted()
  }
})

export const flow = (it: Vitest.MethodsNonLive<Cluster | Client | Site>) => {
  it.effect("a Deployment of three becomes available, and its Service leads to all of them", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Deployment, deployment)
      yield* client.create(Service, service)
      yield* available(3)
      const all = yield* answerers(3)
      assert.isTrue(all.every((text) => /^web-.* v1$/.test(text)))
    })
  )

  it.effect("a Pod reaches it by its name", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const cluster = yield* Cluster
      yield* client.create(Pod, {
        metadata: at("caller"),
        spec: { terminationGracePeriodSeconds: 1, containers: [container(Images.tools)] }
      })
      yield* eventually("caller is ready", 20, find(Pod, at("caller")), isReady)
      for (const name of ["web", "web.default", "web.default.svc.cluster.local"]) {
        const asked = cluster.exec("caller", ["timeout", "5", "wget", "-qO-", `http://${name}/`])
        const { text } = yield* eventually(`${name} answers`, 10, asked, ({ code }) => code === 0)
        assert.match(text, /^web-.* v1$/m)
      }
      const direct = yield* cluster.exec("caller", [
        "timeout",
        "5",
        "wget",
        "-qO-",
        "http://none.default.svc.cluster.local/"
      ])
      assert.notStrictEqual(direct.code, 0)
    })
  )

  it.effect("is scaled up and down", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.patch(Deployment, at("web"), "merge", { spec: { replicas: 5 } })
      yield* available(5)
      yield* client.patch(Deployment, at("web"), "merge", { spec: { replicas: 3 } })
      yield* available(3)
      yield* eventually("two Pods go", 30, podsOf("web"), (pods) => pods.length === 3)
    })
  )

  it.effect("a rolling update loses no request", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const image = { spec: { template: { spec: { containers: [{ name: "main", image: Images.web(2) }] } } } }
      const update = Effect.gen(function* () {
        yield* Effect.sleep("1 second")
        yield* client.patch(Deployment, at("web"), "strategic", image)
        yield* available(3)
        yield* eventually("the old Pods go", 40, podsOf("web"), (pods) => pods.length === 3)
        yield* Effect.sleep("1 second")
      })
      const load = yield* under(`http://${yield* clusterIp}/`, update)
      yield* Effect.sync(() => console.log(`rolling update: ${JSON.stringify(load)}`))
      assert.deepStrictEqual(load.failed, [])
      assert.isAbove(load.sent, load.seconds * 20)
      assert.deepStrictEqual(Object.keys(load.versions).toSorted(), ["v1", "v2"])
    })
  )

  it.effect("a container that is killed is started again, later each time", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Pod, { metadata: at("victim"), spec: { containers: [container(Images.tools)] } })
      yield* killContainer("victim")
      yield* restarts("victim", 1)
      yield* killContainer("victim")
      yield* eventually("victim waits", 10, find(Pod, at("victim")), (now) => {
        return firstStatus(now)?.state?.waiting?.reason === "CrashLoopBackOff"
      })
      const pod = yield* restarts("victim", 2)
      assert.strictEqual(firstStatus(pod)?.lastState?.terminated?.exitCode, 137)
      yield* client.delete(Pod, at("victim"), { gracePeriodSeconds: 0 })
      yield* eventually("victim goes", 20, find(Pod, at("victim")), (now) => now === undefined)
    })
  )

  it.effect("logs are read and followed", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const cluster = yield* Cluster
      const [pod] = yield* podsOf("web")
      const path = `/api/v1/namespaces/default/pods/${pod?.metadata.name}/log`
      assert.deepStrictEqual(yield* cluster.ask(path), { code: 200, text: "serving v2\n" })
      const script = "for i in 1 2 3; do echo line $i; sleep 1; done"
      yield* client.create(Pod, {
        metadata: at("talker"),
        spec: { restartPolicy: "Never", containers: [container(Images.tools, { command: ["sh", "-c", script] })] }
      })
      yield* eventually("talker runs", 20, find(Pod, at("talker")), (now) => now?.status.phase === "Running")
      const { text } = yield* cluster.ask("/api/v1/namespaces/default/pods/talker/log?follow=true")
      assert.strictEqual(text, "line 1\nline 2\nline 3\n")
      yield* eventually("talker ends", 10, find(Pod, at("talker")), (now) => now?.status.phase === "Succeeded")
      yield* client.delete(Pod, at("talker"))
    })
  )

  it.effect("a command in a Pod has its output and its exit code", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      assert.deepStrictEqual(yield* cluster.exec("caller", ["sh", "-c", "echo out; exit 3"]), { code: 3, text: "out\n" })
    })
  )

  it.effect("what is applied is owned, and another's fields are not taken without force", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const body = { apiVersion: "v1", kind: "Service", metadata: { name: "web", labels: { tier: "front" } } }
      const applied = yield* client.patch(Service, at("web"), "apply", body, { fieldManager: "one" })
      assert.strictEqual(applied.metadata.labels?.["tier"], "front")
      assert.isTrue(
        applied.metadata.managedFields?.some(({ manager, operation }) => manager === "one" && operation === "Apply")
      )
      const without = { apiVersion: "v1", kind: "Service", metadata: { name: "web" } }
      const removed = yield* client.patch(Service, at("web"), "apply", without, { fieldManager: "one" })
      assert.isUndefined(removed.metadata.labels?.["tier"])
    })
  )

  it.effect("after every process is killed, the same objects and the same containers are there", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      const before = yield* identities
      const url = `http://${yield* clusterIp}/`
      const killed = yield* cluster.crash
      assert.isAtLeast(killed.length, 3)
      assert.match(yield* cluster.fetch(url), /^web-/)
      yield* cluster.up
      assert.deepStrictEqual((yield* identities).uids, before.uids)
      yield* eventually("web is available", 20, available(3), () => true)
      // Long enough for every Pod to have been looked at again.
      yield* Effect.sleep("3 seconds")
      assert.deepStrictEqual(yield* identities, before)
      yield* answerers(3)
    })
  )

  it.effect("what is deleted goes, and what belonged to it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.delete(Deployment, at("web"))
      yield* client.delete(Service, at("web"))
      yield* client.delete(Pod, at("caller"))
      yield* eventually(
        "all Pods go",
        40,
        Effect.flatMap(Client, (c) => c.list(Pod, { namespace: "default" })),
        (pods) => pods.length === 0
      )
    })
  )
}
