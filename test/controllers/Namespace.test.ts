/** The controllers of namespaces: what each gets when it is made, and how it goes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Aggregated, type Question } from "../../kernel/client/Aggregated.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as NamespaceController from "../../plugins/controllers/namespace/Namespace.ts"
import * as RootCa from "../../plugins/controllers/root-ca/RootCa.ts"
import * as ServiceAccountController from "../../plugins/controllers/serviceaccount/ServiceAccount.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { ConfigMap, Namespace, Pod, Secret, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import { kernelWith } from "../resources/Kernel.ts"
import { cluster, names, runs, when } from "./Cluster.ts"

const inside = (name: string) => ({ name, namespace: "blue" })
const spec = { containers: [{ name: "c", image: "i" }] }

describe("Namespace", () => {
  it.live("gets a ServiceAccount and the root certificate, also again", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Namespace, { metadata: { name: "blue" } })
      yield* when(ServiceAccount, (all) => names(all).join() === "default")
      const [map] = yield* when(ConfigMap, (all) => all.length === 1)
      assert.deepStrictEqual(map?.data, { "ca.crt": "PEM" })
      yield* client.delete(ServiceAccount, inside("default"))
      yield* client.update(ConfigMap, { ...(yield* client.get(ConfigMap, inside("kube-root-ca.crt"))), data: { a: "b" } })
      yield* when(ServiceAccount, (all) => names(all).join() === "default")
      yield* when(ConfigMap, ([map]) => map?.data?.["ca.crt"] === "PEM" && map.data["a"] === undefined)
    }).pipe(Effect.provide(cluster(ServiceAccountController.plugin, RootCa.plugin({ ca: "PEM" }))))
  )

  it.live("is emptied, Pods first, and goes when the last finalizer is gone", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Namespace, { metadata: { name: "blue" } })
      yield* client.create(Namespace, { metadata: { name: "green" } })
      yield* client.create(Secret, { metadata: { name: "kept", namespace: "green" } })
      yield* client.create(Secret, { metadata: inside("held"), type: "Opaque" })
      yield* client.create(ConfigMap, { metadata: { ...inside("map"), finalizers: ["example.com/hold"] } })
      yield* client.create(Deployment, {
        metadata: inside("web"),
        spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec } }
      })
      yield* runs(yield* client.create(Pod, { metadata: inside("pod"), spec: { ...spec, nodeName: "n" } }))

      yield* client.delete(Namespace, { namespace: "", name: "blue" })
      yield* when(Pod, ([pod]) => pod?.metadata.deletionTimestamp !== undefined)
      const blue = (all: ReadonlyArray<Namespace>) => all.find(({ metadata }) => metadata.name === "blue")
      const remaining = (namespace: Namespace | undefined, type: string) =>
        namespace?.status.conditions?.find((condition) => condition.type === type)
      const [waiting] = (yield* when(Namespace, (all) => blue(all)?.status.conditions !== undefined)).filter((one) =>
        blue([one])
      )
      assert.strictEqual(waiting?.status.phase, "Terminating")
      assert.strictEqual(
        remaining(waiting, "NamespaceContentRemaining")?.message,
        "Some resources are remaining: pods. has 1 resource instances"
      )
      assert.include(names(yield* client.list(Secret)), "held", "what Pods may use stays while there are Pods")

      yield* client.delete(Pod, inside("pod"), { gracePeriodSeconds: 0 })
      yield* when(Namespace, (all) => remaining(blue(all), "NamespaceFinalizersRemaining")?.status === "True")
      assert.deepStrictEqual(names(yield* client.list(Secret)), ["kept"])
      assert.deepStrictEqual(names(yield* client.list(Deployment)), [])
      const held = yield* client.get(ConfigMap, inside("map"))
      yield* client.update(ConfigMap, { ...held, metadata: { ...held.metadata, finalizers: [] } })
      yield* when(Namespace, (all) => names(all).join() === "green")
    }).pipe(Effect.provide(cluster(NamespaceController.plugin())))
  )

  it.live("takes along what servers of other groups hold in it", () => {
    const held = new Set(["blue/a", "blue/b", "green/c"])
    const asked: Array<string> = []
    const group = "moons.example.com"
    const head = { kind: "MoonList", apiVersion: `${group}/v1` }
    const ask = ({ body, method, name, namespace, resource }: Question) => {
      asked.push(`${method} ${resource}`)
      if (method === "DELETE") {
        held.delete(`${namespace}/${name}`)
        assert.deepNestedInclude(body, { propagationPolicy: "Background", "preconditions.uid": name })
        return Effect.succeed({ kind: "Status", apiVersion: "v1", status: "Success" })
      }
      const inside = [...held].filter((path) => path.startsWith(`${namespace}/`)).map((path) => path.split("/")[1] ?? "")
      const items = inside.map((one) => ({ ...head, kind: "Moon", metadata: { name: one, uid: one } }))
      return Effect.succeed({ ...head, metadata: { resourceVersion: "1" }, items })
    }
    const moons = {
      group,
      version: "v1",
      resource: "moons",
      kind: "Moon",
      namespaced: true,
      verbs: ["get", "list", "delete"]
    }
    const others = [
      { ...moons, resource: "phases", verbs: ["get", "list"] },
      { ...moons, resource: "orbits", namespaced: false }
    ]
    const aggregated = Layer.effectDiscard(
      Effect.flatMap(Aggregated, ({ add }) =>
        add(
          (asked) => (asked === group ? { ask } : undefined),
          () => [moons, ...others]
        )
      )
    )
    return Effect.gen(function* () {
      const client = yield* Client
      for (const name of ["blue", "green"]) yield* client.create(Namespace, { metadata: { name } })
      yield* client.delete(Namespace, { namespace: "", name: "blue" })
      yield* when(Namespace, (all) => names(all).join() === "green")
      assert.deepStrictEqual([...held], ["green/c"])
      assert.deepStrictEqual(
        asked.filter((one) => !one.endsWith("moons")),
        []
      )
    }).pipe(
      Effect.provide(
        Layer.merge(NamespaceController.plugin().layer, aggregated).pipe(Layer.provideMerge(kernelWith(Aggregated.layer)))
      )
    )
  })
})
