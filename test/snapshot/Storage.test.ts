/** Where snapshots are kept: a folder, and an S3 server that checks who asks. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import * as Directory from "../../adapters/snapshots/Directory.ts"
import * as S3 from "../../adapters/snapshots/S3.ts"
import { sign } from "../../adapters/snapshots/SigV4.ts"
import * as Suite from "../../conformance/SnapshotStorage.ts"
import { SnapshotStorage } from "../../plugins/snapshots/contracts/SnapshotStorage.ts"
import { sabotage, verify } from "../Verify.ts"
import * as S3Server from "./S3Server.ts"
import { left } from "../Left.ts"

const directory = Layer.unwrap(
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return Directory.layer(`${yield* files.makeTempDirectoryScoped()}/snapshots`)
  }).pipe(Effect.provide(NodeServices.layer))
)

verify("in a directory", Suite.suite, directory)
sabotage(Suite.suite, directory)

const lacks = S3Server.program === undefined ? ["versitygw"] : []

describe.skipIf(lacks.length > 0)(`S3${left(lacks)}`, () => {
  verify("in a bucket", Suite.suite, Layer.unwrap(Effect.map(S3Server.bucket, S3.layer)))

  it.live("who has the wrong key is told so, in the server's words", () =>
    Effect.gen(function* () {
      const options = yield* S3Server.bucket
      const wrong = S3.layer({ ...options, credentials: { ...options.credentials, secretAccessKey: "another" } })
      const storage = yield* Effect.map(Layer.build(wrong), (built) => built)
      const refused = yield* Effect.flip(
        Effect.provide(
          Effect.flatMap(SnapshotStorage, (one) => one.list()),
          storage
        )
      )
      assert.match(refused.message, /403 SignatureDoesNotMatch/)
    }).pipe(Effect.scoped)
  )
})

/** The example of the "Authenticating Requests" chapter of the S3 API Reference: GET of a range. */
it("a signature is that of the published example", () => {
  const headers = sign(
    { method: "GET", url: new URL("https://examplebucket.s3.amazonaws.com/test.txt"), headers: { range: "bytes=0-9" } },
    { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
    { region: "us-east-1", time: Date.parse("2013-05-24T00:00:00Z") }
  )
  assert.match(headers["authorization"] ?? "", /Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/)
})
