import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { X509Certificate } from "node:crypto"
import { join } from "node:path"
import { connect, createServer } from "node:tls"
import { parse } from "yaml"
import * as Certificates from "../../plugins/certificates/Certificates.ts"
import { kubeconfig } from "../../plugins/certificates/contracts/Kubeconfig.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"

const server = (...hosts: ReadonlyArray<string>) =>
  Requests.apiServer({ serviceAddress: "10.96.0.1", domain: "cluster.local", hosts })

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "kt-pki-" }))

const handshake = (ca: Pki.Pair, serving: Pki.Pair, client: Pki.Pair, name: string) =>
  Effect.callback<string | undefined, Error>((resume) => {
    const listener = createServer({ ...serving, ca: ca.cert, requestCert: true, rejectUnauthorized: true }, (socket) => {
      const { CN } = socket.getPeerCertificate().subject
      resume(Effect.succeed(typeof CN === "string" ? CN : undefined))
      socket.end()
    })
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const socket = connect({ host: "127.0.0.1", port, servername: name, ca: ca.cert, ...client })
      socket.on("error", (error) => resume(Effect.fail(error)))
      socket.resume()
    })
    return Effect.sync(() => listener.close())
  })

describe("Certificates", () => {
  it.live("a server and a client of one authority trust each other", () =>
    Effect.gen(function* () {
      const ca = yield* Pki.authority("test")
      const [serving, client] = [yield* Pki.issue(ca, server()), yield* Pki.issue(ca, Requests.admin)]
      assert.strictEqual(yield* handshake(ca, serving, client, "kubernetes.default.svc"), "kubernetes-admin")
      assert.deepStrictEqual(Pki.subject(client.cert), {
        commonName: "kubernetes-admin",
        organizations: ["system:masters"]
      })
      const other = yield* Pki.authority("other")
      const foreign = yield* Effect.exit(handshake(other, serving, client, "kubernetes"))
      assert.strictEqual(foreign._tag, "Failure")
    })
  )

  it.effect("serves: names, addresses, authority, subject and time", () =>
    Effect.gen(function* () {
      const ca = yield* Pki.authority("test")
      const pair = yield* Pki.issue(ca, server("192.0.2.7", "node-1"))
      const day = 86_400_000
      const serves = (request: Pki.Request, now = 0) => Pki.serves(ca, pair, request, now)
      assert.isTrue(serves(server("192.0.2.7")))
      assert.isTrue(serves(server("node-1")))
      assert.isFalse(serves(server("192.0.2.8")))
      assert.isFalse(serves(server("node-2")))
      assert.isTrue(serves(server(), 200 * day))
      assert.isFalse(serves(server(), 300 * day))
      assert.isFalse(serves(server(), -day))
      assert.isFalse(serves({ ...server(), organizations: ["system:masters"] }))
      assert.isFalse(Pki.serves(yield* Pki.authority("test"), pair, server(), 0))
      const names = new X509Certificate(pair.cert).subjectAltName ?? ""
      for (const name of ["kubernetes.default.svc.cluster.local", "IP Address:10.96.0.1", "IP Address:127.0.0.1"]) {
        assert.include(names, name)
      }
    })
  )

  it.effect("on disk: made once, reused, renewed, for its owner only", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = join(yield* temporary, "pki")
      const first = yield* Certificates.open(directory)
      const cert = yield* first.issue("apiserver", server("192.0.2.7"))
      const second = yield* Certificates.open(directory)
      assert.deepStrictEqual([second.ca, second.signing], [first.ca, first.signing])
      assert.deepStrictEqual(yield* second.issue("apiserver", server("192.0.2.7")), cert)
      for (const file of yield* fs.readDirectory(directory)) {
        assert.strictEqual((yield* fs.stat(join(directory, file))).mode & 0o777, 0o600, file)
      }
      assert.strictEqual((yield* fs.stat(directory)).mode & 0o777, 0o700)
      const wider = yield* second.issue("apiserver", server("192.0.2.8"))
      assert.notStrictEqual(wider.cert, cert.cert)
      yield* TestClock.adjust("300 days")
      const renewed = yield* second.issue("apiserver", server("192.0.2.8"))
      assert.notStrictEqual(renewed.cert, wider.cert)
      yield* fs.writeFileString(join(directory, "apiserver.crt"), "no certificate")
      assert.notStrictEqual((yield* second.issue("apiserver", server())).key, renewed.key)
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
  )

  it("a kubeconfig names the file of a certificate that is renewed", () => {
    const about = { server: "https://127.0.0.1:6443", ca: "CA", cert: "CERT", key: "KEY", user: "dns" }
    const { users } = parse(kubeconfig({ ...about, file: "/pki/dns.pem" }))
    assert.deepStrictEqual(users, [
      { name: "dns", user: { "client-certificate": "/pki/dns.pem", "client-key": "/pki/dns.pem" } }
    ])
  })

  it("a kubeconfig says where, who, and by which authority", () => {
    const text = kubeconfig({ server: "https://127.0.0.1:6443", ca: "CA", cert: "CERT", key: "KEY", user: "admin" })
    const base64 = (value: string) => Buffer.from(value).toString("base64")
    assert.deepStrictEqual(parse(text), {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: "keelson", cluster: { server: "https://127.0.0.1:6443", "certificate-authority-data": base64("CA") } }
      ],
      users: [{ name: "admin", user: { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") } }],
      contexts: [{ name: "admin@keelson", context: { cluster: "keelson", user: "admin" } }],
      "current-context": "admin@keelson"
    })
  })
})
