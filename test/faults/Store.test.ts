/** Half a minute of faults in a store of three servers, in network namespaces and on disks of their own. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, References } from "effect"
import * as Faults from "../../bench/faults/Faults.ts"
import * as Run from "../../bench/faults/Run.ts"
import * as Site from "../../bench/faults/Site.ts"
import * as RawNats from "../store/RawNats.ts"
import { left } from "../Left.ts"

const lacks = [...Site.missing(), ...RawNats.lacks]

describe.skipIf(lacks.length > 0)(`a store of three servers${left(lacks)}`, () => {
  it.live(
    "loses nothing, doubles nothing and leaves no gap, whatever is killed, paused, cut off or filled",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-faults-" })
        const said: string[] = []
        const say = (text: string) => Effect.sync(() => said.push(text)).pipe(Effect.asVoid)
        const load = { clients: 4, pause: 50, diskMiB: 128 }
        const options = {
          directory,
          seconds: 15,
          seed: "test",
          kinds: Faults.all,
          ...load,
          builds: false,
          through: "log" as const,
          say
        }
        // What it has said tells what went wrong.
        yield* Effect.tapError(Run.run(options), (error) =>
          Effect.sync(() => assert.deepStrictEqual([...said, `${error}`], []))
        )
        const operations = Number(/^(\d+) operations$/m.exec(said.join("\n"))?.[1] ?? 0)
        assert.isAbove(operations, 100)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.provideService(References.MinimumLogLevel, "Error")),
    500_000
  )
})
