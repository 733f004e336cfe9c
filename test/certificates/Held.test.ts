/** A certificate that is held: asked for once, kept over restarts, and renewed before it ends. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Stream } from "effect"
import { TestClock } from "effect/testing"
import { X509Certificate } from "node:crypto"
import { join } from "node:path"
import { Client } from "../../kernel/client/Client.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Signers from "../../plugins/certificates/contracts/Signers.ts"
import * as SigningRequest from "../../plugins/certificates/contracts/SigningRequest.ts"
import * as Held from "../../plugins/certificates/Held.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { cluster } from "../controllers/Cluster.ts"

/** Answers every request at once: the part of the controllers. */
const signer = Effect.fnUntraced(function* (ca: Pki.Pair, seconds: number) {
  const client = yield* Client
  const requests = yield* client.cache(CertificateSigningRequest, { indexes: {} })
  const answer = Effect.fnUntraced(function* (request: CertificateSigningRequest) {
    if (request.status.certificate !== undefined) return
    const pem = Buffer.from(request.spec.request, "base64").toString()
    const cert = yield* SigningRequest.sign(ca, pem, { usages: request.spec.usages ?? [], seconds })
    const status = { certificate: Buffer.from(cert).toString("base64") }
    yield* client.update(CertificateSigningRequest, { ...request, status }, { subresource: "status" })
  })
  yield* Effect.forkScoped(
    Stream.runForEach(requests.changes, () =>
      Effect.forEach(requests.all(), (request) => Effect.ignore(answer(request)), { discard: true })
    )
  )
})

const held = Effect.fnUntraced(function* (directory: string, request = Requests.kubeletServing("n1", ["192.0.2.7"])) {
  const client = yield* Client
  return yield* Held.make({
    directory,
    name: "serving",
    holder: "n1",
    request,
    signerName: Signers.kubeletServing,
    client: Effect.succeed(client)
  })
})

const temporary = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped({ prefix: "kt-held-" }))
const endOf = ({ cert }: Pki.Pair) => new X509Certificate(cert).validToDate.getTime()

/** The keys are made outside of the test's time. */
const settle = Effect.fnUntraced(function* <A>(look: Effect.Effect<A>, holds: (value: A) => boolean) {
  for (;;) {
    const value = yield* look
    if (holds(value)) return value
    yield* Effect.promise(() => new Promise((done) => setTimeout(done, 5)))
  }
})

describe("a held certificate", () => {
  it.effect("is asked for, kept for its owner alone, and found again", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const [directory, ca] = [yield* temporary, yield* Pki.authority("test")]
      yield* signer(ca, 86_400)
      const one = yield* held(directory)
      assert.isUndefined(one.current())
      const pair = yield* one.first
      assert.isTrue(new X509Certificate(pair.cert).verify(new X509Certificate(ca.cert).publicKey))
      assert.deepStrictEqual(one.current(), pair)
      assert.strictEqual((yield* files.stat(join(directory, "serving.pem"))).mode & 0o777, 0o600)
      assert.deepStrictEqual(yield* files.readDirectory(directory), ["serving.pem"])
      assert.strictEqual((yield* held(directory)).current()?.key, pair.key)
      assert.isUndefined(
        (yield* held(directory, Requests.kubeletServing("n1", ["192.0.2.8"]))).current(),
        "for another address"
      )
      assert.isUndefined(
        (yield* held(directory, Requests.kubeletServing("n2", ["192.0.2.7"]))).current(),
        "for another node"
      )
      yield* TestClock.adjust("25 hours")
      assert.isUndefined((yield* held(directory)).current(), "it has ended")
    }).pipe(Effect.scoped, Effect.provide(cluster()), Effect.provide(NodeFileSystem.layer))
  )

  it.effect("is renewed between 70 and 90 % of its life, and told to who follows it", () =>
    Effect.gen(function* () {
      const [directory, ca] = [yield* temporary, yield* Pki.authority("test")]
      const day = 86_400
      yield* signer(ca, day)
      const one = yield* held(directory)
      yield* one.keep
      const current = Effect.sync(() => one.current())
      const first = yield* settle(current, (pair) => pair !== undefined)
      const told: Array<string> = []
      yield* Effect.forkScoped(Stream.runForEach(one.renewed, ({ cert }) => Effect.sync(() => told.push(cert))))
      yield* TestClock.adjust(`${day * 0.69} seconds`)
      assert.strictEqual(one.current(), first)
      yield* TestClock.adjust(`${day * 0.22} seconds`)
      const second = yield* settle(current, (pair) => pair !== first)
      if (first === undefined || second === undefined) return assert.fail("there is one")
      assert.notStrictEqual(second.key, first.key)
      assert.isAbove(endOf(second), endOf(first))
      yield* settle(
        Effect.sync(() => told.length),
        (count) => count === 2
      )
      assert.deepStrictEqual(told, [first.cert, second.cert])
      assert.strictEqual((yield* held(directory)).current()?.key, second.key)
    }).pipe(Effect.scoped, Effect.provide(cluster()), Effect.provide(NodeFileSystem.layer))
  )

  it.effect("a request that waits is waited for by who starts again; one that is denied is asked anew", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const directory = yield* temporary
      const start = Effect.scoped(
        Effect.gen(function* () {
          const one = yield* held(directory)
          yield* Effect.forkScoped(one.first)
          return yield* settle(Effect.orDie(client.list(CertificateSigningRequest)), ({ length }) => length > 0)
        })
      )
      const [first] = yield* start
      const again = yield* start
      assert.deepStrictEqual(
        again.map(({ metadata }) => metadata.name),
        [first?.metadata.name]
      )
      if (first === undefined) return assert.fail("there is one")
      const denied = { conditions: [{ type: "Denied", status: "True", message: "no" }] }
      yield* client.update(CertificateSigningRequest, { ...first, status: denied }, { subresource: "approval" })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const one = yield* held(directory)
          yield* Effect.forkScoped(one.first)
          yield* settle(Effect.orDie(client.list(CertificateSigningRequest)), ({ length }) => length === 2)
        })
      )
    }).pipe(Effect.scoped, Effect.provide(cluster()), Effect.provide(NodeFileSystem.layer))
  )
})
