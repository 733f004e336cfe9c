/** A server of another group behind the API: what it is told of who asks, what comes back, and what clients find of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Agent, createServer, get, type Server } from "node:https"
import type { IncomingHttpHeaders } from "node:http"
import { connect, type TLSSocket } from "node:tls"
import { type Backend, Backends, Unreachable } from "../../plugins/apiserver/contracts/Backends.ts"
import * as RequestHeader from "../../plugins/apiserver/contracts/RequestHeader.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Cluster from "../apiserver/Cluster.ts"

const host = "moons.default.svc"

interface Heard {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly proxy: string
}

/** Answers everything, streams watches, and echoes on upgraded connections. */
const backend = Effect.fnUntraced(function* () {
  const [ca, proxies] = [yield* Pki.authority("moons"), yield* Pki.authority("proxies")]
  const tls = yield* Pki.issue(ca, { commonName: host, hosts: [host], usages: ["server"] })
  const shown = yield* Pki.issue(proxies, Requests.frontProxy)
  const heard: Array<Heard> = []
  const server: Server = createServer({ ...tls, ca: proxies.cert, requestCert: true }, (request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on("end", () => {
      const { headers, method = "", socket, url = "" } = request
      // The server speaks TLS alone, hence the cast.
      const proxy = String((socket as TLSSocket).getPeerCertificate().subject.CN)
      heard.push({ method, url, headers, body, proxy })
      if (!url.includes("watch=true")) {
        response.writeHead(201, { "x-moon": "full" }).end(`{"said":"moon"}`)
        return
      }
      response.write(`{"type":"ADDED"}\n`)
      setTimeout(() => response.end(`{"type":"DELETED"}\n`), 20)
    })
  })
  server.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
    socket.pipe(socket)
  })
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(Object(server.address()).port)))
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const agent = new Agent({ ca: ca.cert, ...shown, keepAlive: true })
  yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
  const resources = [{ resource: "moons", responseKind: { group: "sky.io", version: "v1", kind: "Moon" }, verbs: ["get"] }]
  const one: Backend = {
    group: "sky.io",
    version: "v1",
    isAvailable: true,
    reach: Effect.succeed({ host: "127.0.0.1", port, servername: host, agent }),
    discovered: { version: "v1", resources },
    openApi: "/openapi/v3/apis/sky.io/v1?hash=1"
  }
  return { heard, one }
})

const start = Effect.fnUntraced(function* () {
  const cluster = yield* Cluster.start()
  const { heard, one } = yield* backend()
  const backends = yield* Effect.provide(Backends, cluster.services)
  const priorities = [{ group: "sky.io", version: "v1", groupPriority: 2000, versionPriority: 10 }]
  const serve = (...all: ReadonlyArray<Backend>) => backends.replace({ backends: all, priorities })
  yield* serve(one)
  return { ...cluster, heard, one, serve }
})

describe("a request for a group of another server", () => {
  it.live("is passed on with who asks, and without what proved it", () =>
    Effect.gen(function* () {
      const { admin, heard } = yield* start()
      const headers = {
        "x-remote-user": "somebody else",
        authorization: "Bearer mine",
        "impersonate-user": "bob",
        "impersonate-group": "system:masters"
      }
      const path = "/apis/sky.io/v1/namespaces/a/moons?x=1&y=%2F"
      const reply = yield* admin.ask(path, { method: "POST", body: { big: "x".repeat(200_000) }, headers })
      assert.deepStrictEqual([reply.code, reply.text, reply.headers["x-moon"]], [201, `{"said":"moon"}`, "full"])
      const [told] = heard
      assert.deepStrictEqual([told?.method, told?.url, told?.proxy], ["POST", path, "front-proxy-client"])
      assert.strictEqual(told?.headers["x-remote-user"], "bob")
      assert.strictEqual(told?.headers["x-remote-group"], "system:masters, system:authenticated")
      assert.deepStrictEqual([told?.headers.authorization, told?.headers["impersonate-user"]], [undefined, undefined])
      assert.strictEqual(told?.body.length, 200_010)
      assert.isDefined(reply.headers["x-kubernetes-pf-flowschema-uid"] ?? "")
    })
  )

  it.live("is allowed here first", () =>
    Effect.gen(function* () {
      const { as, heard } = yield* start()
      const eve = yield* as("eve")
      const reply = yield* eve.ask("/apis/sky.io/v1/moons?watch=true")
      assert.deepStrictEqual([reply.code, heard.length], [403, 0])
      assert.include(
        reply.text,
        'User \\"eve\\" cannot watch resource \\"moons\\" in API group \\"sky.io\\" at the cluster scope'
      )
    })
  )

  it.live("streams what comes, and ends as it does", () =>
    Effect.gen(function* () {
      const { admin } = yield* start()
      const { text } = yield* admin.ask("/apis/sky.io/v1/moons?watch=true")
      assert.strictEqual(text, `{"type":"ADDED"}\n{"type":"DELETED"}\n`)
    })
  )

  it.live("is refused where nobody answers", () =>
    Effect.gen(function* () {
      const { admin, one, serve } = yield* start()
      yield* serve({ ...one, isAvailable: false })
      const away = yield* admin.ask("/apis/sky.io/v1/moons")
      assert.deepStrictEqual([away.code, away.text], [503, "service unavailable\n"])
      yield* serve({ ...one, reach: Effect.fail(new Unreachable({ detail: "gone" })) })
      assert.strictEqual((yield* admin.ask("/apis/sky.io/v1/moons")).code, 503)
    })
  )

  it.live("may become another connection", () =>
    Effect.gen(function* () {
      const { admin, ca, port } = yield* start()
      const text = yield* Effect.callback<string>((resume) => {
        const socket = connect({ host: "127.0.0.1", port, ca: ca.cert, ...admin.pair, ALPNProtocols: ["http/1.1"] }, () => {
          socket.write(
            "GET /apis/sky.io/v1/moons/a/talk HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
          )
        })
        let heard = ""
        socket.on("data", (bytes) => {
          if (heard === "") socket.write("hello moon")
          heard += bytes.toString()
          if (heard.endsWith("hello moon")) {
            socket.destroy()
            resume(Effect.succeed(heard))
          }
        })
      })
      assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n/)
    })
  )
})

describe("what clients find", () => {
  it.live("has the group, in both documents and in OpenAPI, and as stale when it does not answer", () =>
    Effect.gen(function* () {
      const { admin, one, serve } = yield* start()
      const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
      const found = Effect.gen(function* () {
        const { json } = yield* admin.ask("/apis", { headers: { accept } })
        return json.items.find((item: { metadata: { name: string } }) => item.metadata.name === "sky.io").versions[0]
      })
      const { freshness, resources } = yield* found
      assert.deepStrictEqual([freshness, resources[0].resource], ["Current", "moons"])
      const { json } = yield* admin.ask("/apis/sky.io")
      assert.strictEqual(json.preferredVersion.groupVersion, "sky.io/v1")
      const index = yield* admin.ask("/openapi/v3")
      assert.strictEqual(index.json.paths["apis/sky.io/v1"].serverRelativeURL, "/openapi/v3/apis/sky.io/v1?hash=1")
      yield* serve({ ...one, isAvailable: false })
      assert.strictEqual((yield* found).freshness, "Stale")
      yield* serve()
      assert.strictEqual((yield* admin.ask("/apis/sky.io")).code, 404)
    })
  )
})

describe("headers that say who asks", () => {
  it.live("count from who shows a certificate of the proxies' authority, and from nobody else", () =>
    Effect.gen(function* () {
      const proxies = yield* Pki.authority("proxies")
      const { as, ca, port } = yield* Cluster.start({ requestHeader: { ca: proxies.cert, names: ["front-proxy-client"] } })
      const asked = (pair: Pki.Pair) =>
        Effect.callback<number>((resume) => {
          const headers = RequestHeader.encode({ name: "root", groups: ["system:masters", "crew"] })
          const agent = new Agent({ ca: ca.cert, ...pair })
          get(
            {
              host: "127.0.0.1",
              port,
              path: "/api/v1/namespaces",
              agent,
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]])
              )
            },
            (response) => {
              response.resume()
              resume(Effect.succeed(response.statusCode ?? 0))
            }
          )
        })
      const right = yield* Pki.issue(proxies, Requests.frontProxy)
      const misnamed = yield* Pki.issue(proxies, Requests.client("root", "system:masters"))
      const eve = yield* as("eve")
      assert.strictEqual(yield* asked(right), 200)
      assert.strictEqual(yield* asked(misnamed), 401)
      if (eve.pair !== undefined) assert.strictEqual(yield* asked(eve.pair), 403)
    })
  )

  it("come back as they were sent", () => {
    const user = { name: "ann", uid: "7", groups: ["a", "b"], extra: { "example.com/Über": ["x", "y"] } }
    const sent = Object.fromEntries(
      Object.entries(RequestHeader.encode(user)).map(([name, value]) => [
        name.toLowerCase(),
        typeof value === "string" ? value : value.join(", ")
      ])
    )
    assert.deepStrictEqual(RequestHeader.decode(sent), user)
  })
})
