/**
 * Finds a nats-server that is new enough; where there is none and Go is there, builds one. One that was built for an older
 * Keelson is replaced: from 2.15 on three replicas are several times faster, and one server flushes a batch at once.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Config, Effect, FileSystem, Option, Path, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as Version from "./Version.ts"

/** Below it a log is not safe on one server: either not synced at all, or lost as a whole when the server is killed. */
export const floor = "2.10.23"
const wanted = "v2.15.2"

export class NatsServerMissing extends Schema.TaggedError<NatsServerMissing>()("NatsServerMissing", {
  looked: Schema.Array(Schema.String)
}) {
  override get message() {
    const looked = this.looked.length === 0 ? "" : ` (${this.looked.join("; ")})`
    return `no nats-server ${floor} or newer was found${looked}: download one from https://nats.io/download and put it on PATH, or install Go, with which it is built here`
  }
}

const run = (command: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.flatMap(ChildProcessSpawner.ChildProcessSpawner, (spawner) =>
    spawner.string(ChildProcess.make(command, args, { env, extendEnv: true }), { includeStderr: true })
  )

const saidVersion = Effect.fnUntraced(function* (file: string) {
  const said = yield* Effect.option(run(file, ["--version"]))
  return /v(\d+\.\d+\.\S+)/.exec(Option.getOrElse(said, () => ""))?.[1]
})

/** Of a binary that was found. */
export const versionOf = (file: string) => Effect.map(saidVersion(file), (version) => version ?? "0")

/** Why this file will not do, or nothing. */
const flawOf = Effect.fnUntraced(function* (file: string) {
  const version = yield* saidVersion(file)
  if (version === undefined) return `${file} does not say its version`
  return Version.isBefore(version, floor)
    ? `${file} is ${version}, which loses acknowledged writes when the power fails or the server is killed`
    : undefined
})

const cacheDirectory = Effect.gen(function* () {
  const path = yield* Path.Path
  const cache = yield* Config.option(Config.String("XDG_CACHE_HOME"))
  const home = yield* Config.withDefault(Config.String("HOME"), "/root")
  return path.join(
    Option.getOrElse(cache, () => path.join(home, ".cache")),
    "keelson",
    "bin"
  )
})

const onPath = Effect.gen(function* () {
  const path = yield* Path.Path
  const all = yield* Config.withDefault(Config.String("PATH"), "")
  return all
    .split(":")
    .filter(Boolean)
    .map((directory) => path.join(directory, "nats-server"))
})

/** It appears whole, and whoever runs the one before goes on with it. */
const build = Effect.fnUntraced(function* (cache: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.makeDirectory(cache, { recursive: true })
  const aside = yield* fs.makeTempDirectoryScoped({ directory: cache, prefix: ".nats-server-" })
  yield* Effect.logInfo(`building nats-server ${wanted} with Go; this takes a few minutes, once`)
  const said = yield* run("go", ["install", `github.com/nats-io/nats-server/v2@${wanted}`], { GOBIN: aside })
  const made = path.join(aside, "nats-server")
  if (yield* fs.exists(made)) yield* fs.rename(made, path.join(cache, "nats-server"))
  return said
}, Effect.scoped)

const search = Effect.fnUntraced(function* (binary: string | undefined) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const cache = yield* cacheDirectory
  const cached = path.join(cache, "nats-server")
  const flaws: string[] = []
  /** The first that is there and will do. */
  const firstOf = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
    for (const file of files) {
      if (!(yield* fs.exists(file))) continue
      const flaw = yield* flawOf(file)
      if (flaw === undefined) return file
      flaws.push(flaw)
    }
    return undefined
  })
  if (binary !== undefined) {
    return (
      (yield* firstOf([binary])) ??
      (yield* new NatsServerMissing({ looked: flaws.length > 0 ? flaws : [`${binary} is not there`] }))
    )
  }
  const found = yield* firstOf([...(yield* onPath), cached])
  if (found !== undefined && (found !== cached || !Version.isBefore(yield* versionOf(found), wanted))) return found
  const built = yield* Effect.result(build(cache))
  const why = built._tag === "Failure" ? String(built.failure) : (built.success.trim().split("\n").at(-1) ?? "")
  const made = yield* firstOf([cached])
  if (made === undefined) return yield* new NatsServerMissing({ looked: [...flaws, `it could not be built: ${why}`] })
  const version = yield* versionOf(made)
  if (Version.isBefore(version, wanted)) {
    yield* Effect.logWarning(`nats-server ${wanted} could not be built (${why}); ${made} is ${version}, and slower`)
  }
  return made
})

/** The given one if one is given, and no other; else that of PATH, of the cache, or one built into the cache. */
export const find = (binary?: string): Effect.Effect<string, NatsServerMissing> =>
  search(binary).pipe(
    Effect.catchIf(
      (error) => error._tag !== "NatsServerMissing",
      (error) => Effect.fail(new NatsServerMissing({ looked: [String(error)] }))
    ),
    Effect.provide(NodeServices.layer)
  )
