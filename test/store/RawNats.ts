/** A nats-server with a configuration of the test's own, for what the supervised one never does. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Option, Schedule } from "effect"
import { spawn } from "node:child_process"
import { freePort } from "../../kernel/FreePort.ts"
import * as NatsBinary from "../../kernel/store/jetstream/NatsBinary.ts"

export const binary = await Effect.runPromise(Effect.option(NatsBinary.find()))
export const lacks = Option.isNone(binary) ? ["nats-server"] : []

export const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-raw-nats-" })),
  NodeServices.layer
)

/** Starts it and waits until it says that it is healthy; killed with the scope. */
export const start = Effect.fnUntraced(function* (configuration: string, port?: number) {
  const fs = yield* Effect.provide(FileSystem.FileSystem, NodeServices.layer)
  const directory = yield* temporary
  const [client, monitor] = [port ?? (yield* freePort), yield* freePort]
  const jetstream = configuration.includes("jetstream") ? "" : "jetstream { sync_interval: always }"
  const text = `listen: "127.0.0.1:${client}"\nhttp: "127.0.0.1:${monitor}"\n${configuration}\n${jetstream}\n`
  yield* fs.writeFileString(`${directory}/conf`, text)
  const file = Option.getOrThrow(binary)
  const child = spawn(file, ["--config", `${directory}/conf`, "--store_dir", directory], { stdio: "ignore" })
  const ended = new Promise((resolve) => child.on("exit", resolve))
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => {
      child.kill("SIGKILL")
      return ended
    })
  )
  const healthy = Effect.tryPromise(() => fetch(`http://127.0.0.1:${monitor}/healthz`)).pipe(
    Effect.filterOrFail(({ ok }) => ok),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("30 seconds")
  )
  return { child, healthy, servers: `nats://127.0.0.1:${client}`, monitor: `http://127.0.0.1:${monitor}` }
})
