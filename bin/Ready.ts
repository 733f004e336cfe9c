/** Waiting until a cluster that was just started serves. */
import { Duration, Effect, FileSystem, Layer, Schedule, Schema } from "effect"
import { join } from "node:path"
import * as Https from "../adapters/client/https/Https.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import { Client } from "../kernel/client/Client.ts"
import { Lease } from "../plugins/resources/contracts/coordination/v1.ts"
import { Node } from "../plugins/resources/contracts/core/v1.ts"
import type { ServerKeys } from "./Keys.ts"
import type { Member } from "./Members.ts"
import type { Paths } from "./Paths.ts"
import * as Servers from "./Servers.ts"
import type { Settings } from "./Settings.ts"

export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", { message: Schema.String }) {}

/** The administrator's client on this machine's API. */
export const client = (settings: Settings, { admin, ca }: ServerKeys) => {
  const [server = "", ...others] = Servers.addresses(settings, "127.0.0.1")
  return ApiClient.layer.pipe(
    Layer.provide(
      Https.layer({
        server,
        ...(others.length > 0 && { others: () => others }),
        ca: ca.cert,
        clientCertificate: admin.cert,
        clientKey: admin.key,
        userAgent: "keelson"
      })
    )
  )
}

const often = Schedule.spaced("50 millis")
const patience = Duration.minutes(2)

/** The last lines of a log: why what was started does not answer. */
const tail = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(files.readFileString(file), () => "")
  return text.trimEnd().split("\n").slice(-8).join("\n")
})

const within = <A, E, R>(what: string, log: string, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.retry(often),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () =>
        Effect.flatMap(tail(log), (lines) =>
          Effect.fail(new NotReady({ message: `${what} within 2 minutes. The end of ${log}:\n${lines}` }))
        )
    })
  )

export const api = (settings: Settings, keys: ServerKeys, paths: Paths) => {
  const ask = Effect.flatMap(Client, (client) => client.get(Node, { namespace: "", name: settings.nodeName })).pipe(
    Effect.catchTag("NotFound", () => Effect.void)
  )
  return within(
    "the API did not answer",
    join(paths.log, settings.controlPlanes === 1 ? "server.log" : `${Servers.processOf(1)}.log`),
    Effect.provide(Effect.asVoid(ask), client(settings, keys))
  )
}

/** `since`: when it was started, in milliseconds. What it said before, of which it may have died, does not count. */
export const node = Effect.fnUntraced(function* ({ agent, name }: Member, paths: Paths, since: number) {
  const cluster = yield* Client
  const ready = Effect.gen(function* () {
    const { spec } = yield* cluster.get(Lease, { namespace: "kube-node-lease", name })
    if (!(Date.parse(spec.renewTime ?? "") >= since)) return yield* new NotReady({ message: "it has not reported yet" })
    const { status } = yield* cluster.get(Node, { namespace: "", name })
    const condition = status.conditions?.find(({ type }) => type === "Ready")
    if (condition?.status !== "True")
      return yield* new NotReady({ message: condition?.message ?? "it has not reported yet" })
  })
  yield* within(`node ${name} did not become ready`, join(paths.log, `${agent}.log`), ready)
})
