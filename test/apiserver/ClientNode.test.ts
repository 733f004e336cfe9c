/** @kubernetes/client-node as it is: informers, typed and generic objects, exec and logs. */
import { describe, expect, it } from "@effect/vitest"
import * as k8s from "@kubernetes/client-node"
import { Effect } from "effect"
import { PassThrough } from "node:stream"
import { type Cluster, start } from "./Cluster.ts"
import * as Node from "./Node.ts"

const namespace = "default"
const base64 = (text: string | undefined) => Buffer.from(text ?? "").toString("base64")

const configOf = ({ admin, ca, port }: Cluster) => {
  const config = new k8s.KubeConfig()
  const cluster = { name: "c", server: `https://127.0.0.1:${port}`, caData: base64(ca.cert) }
  const user = { name: "u", certData: base64(admin.pair?.cert), keyData: base64(admin.pair?.key) }
  const context = { name: "x", cluster: "c", user: "u" }
  config.loadFromOptions({ clusters: [cluster], users: [user], contexts: [context], currentContext: "x" })
  return config
}

/** What an informer tells, as it tells it; `until` waits for one of it. */
const informed = (config: k8s.KubeConfig, api: k8s.CoreV1Api) => {
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const informer = k8s.makeInformer(config, path, () => api.listNamespacedConfigMap({ namespace }))
  const seen: Array<string> = []
  const waiting = new Map<string, () => void>()
  const tell = (line: string) => {
    seen.push(line)
    waiting.get(line)?.()
  }
  for (const event of ["add", "update", "delete"] as const) {
    informer.on(event, ({ data = {}, metadata }) => tell(`${event} ${metadata?.name} ${data["a"]}`))
  }
  informer.on("error", (error) => tell(`error ${error}`))
  const until = (line: string) =>
    new Promise<void>((resolve) => (seen.includes(line) ? resolve() : waiting.set(line, resolve)))
  return { informer, seen, until }
}

describe("@kubernetes/client-node", () => {
  it.live("keeps informers", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const config = configOf(yield* start())
        const api = config.makeApiClient(k8s.CoreV1Api)
        const body = (name: string, a: string) => ({ metadata: { name }, data: { a } })
        yield* Effect.promise(async () => {
          await api.createNamespacedConfigMap({ namespace, body: body("before", "0") })
          const { informer, seen, until } = informed(config, api)
          await informer.start()
          await api.createNamespacedConfigMap({ namespace, body: body("m", "1") })
          await until("add m 1")
          await api.replaceNamespacedConfigMap({ namespace, name: "m", body: body("m", "2") })
          await until("update m 2")
          expect(informer.get("m", namespace)?.data).toEqual({ a: "2" })
          await api.deleteNamespacedConfigMap({ namespace, name: "m" })
          await until("delete m 2")
          expect(seen).toEqual(["add before 0", "add m 1", "update m 2", "delete m 2"])
          expect(informer.list().map(({ metadata }) => metadata?.name)).toEqual(["before"])
          await informer.stop()
        })
      })
    )
  )

  it.live("applies, patches and reads what it has no type for, and is told what is wrong", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const objects = k8s.KubernetesObjectApi.makeApiClient(configOf(yield* start()))
        const head = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace } }
        yield* Effect.promise(async () => {
          const apply = { ...head, data: { a: "1" } }
          const { ServerSideApply, MergePatch } = k8s.PatchStrategy
          const applied = await objects.patch(apply, undefined, undefined, "cn", undefined, ServerSideApply)
          expect(applied).toMatchObject({ metadata: { managedFields: [{ manager: "cn", operation: "Apply" }] } })
          const merge = { ...head, data: { a: null, b: "2" } }
          await objects.patch(merge, undefined, undefined, undefined, undefined, MergePatch)
          expect(await objects.read(head)).toMatchObject({ data: { b: "2" } })
          const invalid = objects.create({ ...head, metadata: { name: "No Name", namespace } })
          await expect(invalid).rejects.toMatchObject({ code: 422, body: expect.stringContaining("metadata.name") })
          await objects.delete(head)
          await expect(objects.read(head)).rejects.toMatchObject({ code: 404 })
        })
      })
    )
  )

  it.live("runs commands and reads logs", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* Node.start(cluster)
        const config = configOf(cluster)
        yield* Effect.promise(async () => {
          const [stdin, stdout] = [new PassThrough(), new PassThrough()]
          stdin.end("hi")
          const ended = new Promise<k8s.V1Status>((resolve, reject) => {
            const exec = new k8s.Exec(config)
            exec.exec(namespace, "p", "c", ["cat"], stdout, null, stdin, false, resolve).catch(reject)
          })
          expect(await ended).toMatchObject({ status: "Success" })
          expect(String(stdout.read())).toBe("hi")
          const log = await config.makeApiClient(k8s.CoreV1Api).readNamespacedPodLog({ namespace, name: "p" })
          expect(log).toBe("one\ntwo\n")
        })
      })
    )
  )
})
