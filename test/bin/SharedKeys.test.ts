/** The keys that servers share are opened by who was told the key, for the token that they were put there for, and by nobody else. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { randomBytes } from "node:crypto"
import * as Paths from "../../bin/Paths.ts"
import * as SharedKeys from "../../bin/SharedKeys.ts"

const bundle = {
  store: "jetstream",
  files: { "ca.crt": "a certificate", "ca.key": "the secret of all", "sa.key": "another" }
}

describe("keys that servers share", () => {
  it.effect("are opened with their key and their token alone, and do not lie there openly", () =>
    Effect.gen(function* () {
      const key = randomBytes(32)
      const sealed = SharedKeys.seal(bundle, key, "abcdef")
      assert.isFalse(sealed.includes("secret"))
      assert.deepStrictEqual(yield* SharedKeys.open(sealed, key.toString("hex"), "abcdef"), bundle)
      const spoilt = Buffer.from(sealed)
      spoilt[40] = (spoilt[40] ?? 0) ^ 1
      const others = [
        SharedKeys.open(sealed, randomBytes(32).toString("hex"), "abcdef"),
        SharedKeys.open(sealed, key.toString("hex"), "fedcba"),
        SharedKeys.open(sealed, "no key", "abcdef"),
        SharedKeys.open(spoilt, key.toString("hex"), "abcdef"),
        SharedKeys.open(Buffer.alloc(3), key.toString("hex"), "abcdef")
      ]
      for (const other of others) assert.match((yield* Effect.flip(other)).message, /^--certificate-key: /)
    })
  )

  it.effect("do not overwrite those of another cluster, and nobody else may read them", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const paths = Paths.make(yield* files.makeTempDirectoryScoped(), "n1")
      yield* SharedKeys.keep(paths, bundle)
      yield* SharedKeys.keep(paths, bundle)
      assert.strictEqual(Number((yield* files.stat(`${paths.pki}/ca.key`)).mode) & 0o777, 0o600)
      const other = { ...bundle, files: { ...bundle.files, "ca.key": "of others" } }
      assert.match(String(yield* Effect.flip(SharedKeys.keep(paths, other))), /of another cluster/)
      assert.strictEqual(yield* files.readFileString(`${paths.pki}/ca.key`), "the secret of all")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
