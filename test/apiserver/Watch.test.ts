/** Watches over real connections: what comes, in which form, and how it ends. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import type { IncomingMessage } from "node:http"
import { connect } from "node:http2"
import { request } from "node:https"
import { type Cluster, start } from "./Cluster.ts"

const configMaps = "/api/v1/namespaces/default/configmaps"
const create = ({ admin }: Cluster, name: string, labels: object = {}) =>
  admin.ask(configMaps, { method: "POST", body: { metadata: { name, labels } } })
const eventsOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
const said = (text: string) => eventsOf(text).map(({ object, type }) => `${type} ${object.metadata?.name ?? object.kind}`)

describe("a watch", () => {
  it.live("begins with what there is, and goes on with what happens", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "a")
        const watch = yield* Effect.forkChild(cluster.admin.ask(`${configMaps}?watch=1&timeoutSeconds=1`))
        yield* create(cluster, "b")
        yield* cluster.admin.ask(`${configMaps}/a`, { method: "DELETE" })
        expect(said((yield* Fiber.join(watch)).text)).toEqual(["ADDED a", "ADDED b", "DELETED a"])
      })
    )
  )

  it.live("says when its first state is complete, if it is asked to", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "a")
        const query =
          "watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        const [first, mark, ...rest] = eventsOf((yield* cluster.admin.ask(`${configMaps}?${query}`)).text)
        expect(first.object.metadata.name).toBe("a")
        expect(mark).toMatchObject({
          type: "BOOKMARK",
          object: { kind: "ConfigMap", apiVersion: "v1", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } }
        })
        expect(mark.object.metadata.resourceVersion).toMatch(/^\d+$/)
        expect(rest).toMatchObject([{ type: "BOOKMARK", object: { metadata: { resourceVersion: expect.any(String) } } }])
        expect(rest[0].object.metadata).not.toHaveProperty("annotations")
      })
    )
  )

  it.live("says at the end of its time how far it has come", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const query = "watch=1&timeoutSeconds=1&resourceVersion=0&allowWatchBookmarks=true&fieldSelector=metadata.name%3Da"
        const watch = yield* Effect.forkChild(cluster.admin.ask(`${configMaps}?${query}`))
        const { json } = yield* create(cluster, "b")
        const [first, mark, ...rest] = eventsOf((yield* Fiber.join(watch)).text)
        expect(first.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" })
        expect([mark.type, mark.object.metadata.resourceVersion]).toEqual(["BOOKMARK", json.metadata.resourceVersion])
        expect(rest).toEqual([])
      })
    )
  )

  it.live(
    "from a revision that is not there yet waits for it; who wants what there was by then is told that it is not",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { admin } = yield* start()
          const later = `${configMaps}?watch=1&resourceVersion=999999`
          const waited = yield* admin.ask(`${later}&timeoutSeconds=1`)
          expect([waited.code, waited.text]).toEqual([200, ""])
          const { text } = yield* admin.ask(`${later}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`)
          expect(eventsOf(text)).toMatchObject([
            {
              type: "ERROR",
              object: {
                code: 504,
                reason: "Timeout",
                message: expect.stringContaining("Too large resource version: 999999, current: "),
                details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 }
              }
            }
          ])
        })
      )
  )

  it.live("tells of a deletion under its own revision, with the last state that the watcher could see", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { admin } = cluster
        const patch = (x: string) =>
          admin.ask(`${configMaps}/a`, {
            method: "PATCH",
            type: "application/merge-patch+json",
            body: { metadata: { labels: { x } } }
          })
        const query = "watch=1&timeoutSeconds=1"
        const selected = yield* Effect.forkChild(admin.ask(`${configMaps}?${query}&labelSelector=x%3Dy`))
        const all = yield* Effect.forkChild(admin.ask(`${configMaps}?${query}`))
        yield* create(cluster, "a", { x: "y" })
        const left = yield* patch("z")
        yield* admin.ask(`${configMaps}/a`, { method: "DELETE" })
        const revision = ({ object }: { object: { metadata: { resourceVersion: string } } }) =>
          Number(object.metadata.resourceVersion)
        const [, gone] = eventsOf((yield* Fiber.join(selected)).text)
        expect(gone).toMatchObject({ type: "DELETED", object: { metadata: { labels: { x: "y" } } } })
        expect(revision(gone)).toBe(Number(left.json.metadata.resourceVersion))
        const [, , deleted] = eventsOf((yield* Fiber.join(all)).text)
        expect(deleted).toMatchObject({ type: "DELETED", object: { metadata: { labels: { x: "z" } } } })
        expect(revision(deleted)).toBeGreaterThan(Number(left.json.metadata.resourceVersion))
      })
    )
  )

  it.live("comes as tables, with columns in the first alone", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "a")
        yield* create(cluster, "b")
        const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" }
        const { text } = yield* cluster.admin.ask(`${configMaps}?watch=1&timeoutSeconds=1`, { headers })
        const [first, second] = eventsOf(text)
        expect(first.object).toMatchObject({ kind: "Table", columnDefinitions: expect.any(Array) })
        expect(first.object.rows[0].object.metadata.name).toBe("a")
        expect(second.object).toMatchObject({ kind: "Table", columnDefinitions: null })
      })
    )
  )

  it.live("has a form of old, and one of one object", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "a")
        yield* create(cluster, "b")
        const path = "/api/v1/watch/namespaces/default/configmaps"
        expect(said((yield* cluster.admin.ask(`${path}?timeoutSeconds=1`)).text)).toEqual(["ADDED a", "ADDED b"])
        expect(said((yield* cluster.admin.ask(`${path}/b?timeoutSeconds=1`)).text)).toEqual(["ADDED b"])
      })
    )
  )

  it.live("through a selector tells of what comes to match and what no longer does", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        yield* create(cluster, "a")
        const watch = yield* Effect.forkChild(
          cluster.admin.ask(`${configMaps}?watch=1&timeoutSeconds=1&labelSelector=x%3Dy`)
        )
        const label = (x: string | null) =>
          cluster.admin.ask(`${configMaps}/a`, {
            method: "PATCH",
            type: "application/merge-patch+json",
            body: { metadata: { labels: { x } } }
          })
        yield* label("y")
        yield* label(null)
        expect(said((yield* Fiber.join(watch)).text)).toEqual(["ADDED a", "DELETED a"])
      })
    )
  )

  it.live("of which there are a thousand on one connection", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { pair } = cluster.admin
        const session = yield* Effect.acquireRelease(
          Effect.sync(() => connect(`https://127.0.0.1:${cluster.port}`, { ca: cluster.ca.cert, ...pair })),
          (session) => Effect.sync(() => session.destroy())
        )
        const count = 1000
        const opened = Effect.callback<void>((resume) => {
          let left = count
          for (let index = 0; index < count; index++) {
            const stream = session.request({ ":path": `${configMaps}?watch=1` })
            stream.on("response", () => --left === 0 && resume(Effect.void))
            stream.on("error", (error) => resume(Effect.die(error)))
            stream.once("data", () => --told === 0 && done())
          }
        })
        let told = count
        let done = () => {}
        yield* opened
        const all = Effect.callback<void>((resume) => {
          done = () => resume(Effect.void)
        })
        const waiting = yield* Effect.forkChild(all)
        yield* Effect.yieldNow
        yield* create(cluster, "a")
        yield* Fiber.join(waiting)
        expect(told).toBe(0)
      })
    )
  )
})

describe("a reader that stops reading", () => {
  it.live("is dropped, and disturbs nobody", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const { pair } = cluster.admin
        const session = yield* Effect.acquireRelease(
          Effect.sync(() => connect(`https://127.0.0.1:${cluster.port}`, { ca: cluster.ca.cert, ...pair })),
          (session) => Effect.sync(() => session.destroy())
        )
        const stream = session.request({ ":path": `${configMaps}?watch=1` })
        const dropped = yield* Effect.forkChild(
          Effect.callback<void>((resume) => {
            stream.once("error", () => resume(Effect.void))
          })
        )
        yield* Effect.callback<void>((resume) => {
          stream.once("response", () => resume(Effect.void))
        })
        const data = { text: "x".repeat(1_000_000) }
        for (let index = 0; index < 24; index++) {
          const made = yield* cluster.admin.ask(configMaps, {
            method: "POST",
            body: { metadata: { name: `m-${index}` }, data }
          })
          expect(made.code).toBe(201)
        }
        stream.resume()
        yield* Fiber.join(dropped)
      })
    )
  )
})

describe("a first state that is large", () => {
  it.live("waits for its reader, and what happens meanwhile comes after it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const cluster = yield* start()
        const data = { text: "x".repeat(1_000_000) }
        const make = (name: string) => cluster.admin.ask(configMaps, { method: "POST", body: { metadata: { name }, data } })
        const names = Array.from({ length: 24 }, (_, index) => `m-${100 + index}`)
        for (const name of names) yield* make(name)
        const session = yield* Effect.acquireRelease(
          Effect.sync(() => connect(`https://127.0.0.1:${cluster.port}`, { ca: cluster.ca.cert, ...cluster.admin.pair })),
          (session) => Effect.sync(() => session.destroy())
        )
        const stream = session.request({ ":path": `${configMaps}?watch=1&timeoutSeconds=3` })
        yield* Effect.callback<void>((resume) => {
          stream.once("response", () => resume(Effect.void))
        })
        yield* make("later-1")
        yield* make("later-2")
        const text = yield* Effect.callback<string, Error>((resume) => {
          let read = ""
          stream.once("error", (error) => resume(Effect.fail(error)))
          stream.setEncoding("utf8").on("data", (piece: string) => {
            read += piece
          })
          stream.once("end", () => resume(Effect.succeed(read)))
        })
        expect(said(text)).toEqual([...names, "later-1", "later-2"].map((name) => `ADDED ${name}`))
      })
    )
  )
})

describe("a server that ends", () => {
  it.live("ends its watches whole", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cluster = yield* Scope.provide(start(), scope)
      yield* create(cluster, "a")
      const { pair } = cluster.admin
      const watch = yield* Effect.callback<IncomingMessage>((resume) => {
        const options = {
          host: "127.0.0.1",
          port: cluster.port,
          path: `${configMaps}?watch=1`,
          ca: cluster.ca.cert,
          ...pair
        }
        request(options, (response) => resume(Effect.succeed(response))).end()
      })
      const text = Effect.callback<string>((resume) => {
        let text = ""
        watch.on("data", (chunk: Buffer) => {
          text += chunk.toString()
        })
        watch.on("end", () => resume(Effect.succeed(text)))
        watch.on("error", (error) => resume(Effect.die(error)))
      })
      const reading = yield* Effect.forkDetach(text)
      yield* Scope.close(scope, Exit.void)
      expect(said(yield* Fiber.join(reading))).toEqual(["ADDED a"])
    })
  )
})
