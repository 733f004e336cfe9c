/** Steady questions to a cluster while something is done to it, and what became of each. */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Client } from "../../kernel/client/Client.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { Site } from "./Site.ts"

const Load = Schema.fromJsonString(
  Schema.Struct({
    sent: Schema.Int,
    seconds: Schema.Finite,
    failed: Schema.Array(Schema.String),
    versions: Schema.Record(Schema.String, Schema.Int)
  })
)

/** Runs one of the programs of this folder on the cluster's machine while the effect runs, and gives what it printed in the end. */
const during = <A, E, R>(program: string, given: ReadonlyArray<string>, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { inside } = yield* Site
    const [launcher = "", ...args] = inside
    const script = fileURLToPath(new URL(program, import.meta.url))
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(launcher, [...args, process.execPath, script, ...given], { stdio: ["pipe", "pipe", "inherit"] })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    let text = ""
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()))
    yield* effect
    yield* Effect.callback<void>((resume) => {
      child.once("close", () => resume(Effect.void))
      child.stdin.end()
    })
    return yield* Schema.decodeUnknownEffect(Load)(text)
  }).pipe(Effect.scoped)

/** Keeps calling the URL, 50 times a second, each time by a new connection. */
export const under = <A, E, R>(url: string, effect: Effect.Effect<A, E, R>) => during("Load.mjs", [url, "50"], effect)

/** Keeps asking a server for the address of a name, 50 times a second, each time once. */
export const asking = <A, E, R>(server: string, name: string, effect: Effect.Effect<A, E, R>) =>
  during("Names.mjs", [server, name, "50"], effect)

/** Keeps connections open and talks on them, ten times a second on each of eight. */
export const holding = <A, E, R>(address: string, port: number, effect: Effect.Effect<A, E, R>) =>
  during("Held.mjs", [address, String(port)], effect)

/** Reads and writes of the cluster's API while something is done; what failed. */
export const writing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const client = yield* Client
    const [failed, began] = [[] as Array<string>, performance.now()]
    let sent = 0
    const key = { namespace: "default", name: "load" }
    yield* Effect.ignore(client.create(ConfigMap, { metadata: key, data: {} }))
    const one = Effect.suspend(() =>
      Effect.andThen(client.patch(ConfigMap, key, "merge", { data: { count: String(++sent) } }), client.get(ConfigMap, key))
    ).pipe(Effect.catch((error) => Effect.sync(() => failed.push(String(error)))))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(one, Effect.sleep("30 millis"))))
    yield* effect
    return { sent, failed, versions: {}, seconds: (performance.now() - began) / 1000 }
  }).pipe(Effect.scoped)
