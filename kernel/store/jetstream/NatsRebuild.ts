/**
 * A replica that is damaged is not mended but made anew: its server starts with an empty store, and gets everything from the one
 * that leads. That is done only while all the others are there and current, for an empty server takes part in elections again;
 * and only while a server that is whole leads, for what the leader lacks the new replica would lack too.
 */
import { Clock, Effect, Schedule, Schema } from "effect"
import { names } from "../Log.ts"
import * as NatsAdmin from "./NatsAdmin.ts"
import { describe, placeOf, type Report, scrub } from "./NatsScrub.ts"
import type { Running } from "./NatsServer.ts"
import * as Nats from "./Nats.ts"

const Done = Schema.Struct({ success: Schema.Boolean })

/** Every log is led by one of `whole`. */
const leadBy = Effect.fnUntraced(function* (nats: Nats.Nats, cluster: string, whole: ReadonlyArray<string>) {
  const step = Effect.fnUntraced(function* (log: (typeof names)[number]) {
    const { leader, place } = yield* placeOf(nats, cluster, log)
    if (leader !== undefined && whole.includes(leader)) return
    const to = { placement: { preferred: whole[0] ?? "" } }
    yield* Effect.ignore(nats.api(`STREAM.LEADER.STEPDOWN.${place.subjects.stream}`, to, Done))
    return yield* new NatsAdmin.NatsServersUnwell({ reason: `the log ${log} is not led by ${whole.join(" or ")}` })
  })
  const again = { schedule: Schedule.spaced("1 second"), times: 30 }
  yield* Effect.forEach(names, (log) => Effect.retry(step(log), again), { discard: true })
})

export interface Options {
  readonly server: Running
  readonly cluster?: string
}

/** By a report that was just made: nothing if the server is whole, else where its damaged store was put. */
export const rebuild = Effect.fn("NatsRebuild.rebuild")(function* (
  { cluster = "keelson", server }: Options,
  report: Report
) {
  const isWhole = (name: string) => !report.faults.some((fault) => fault.server === name)
  if (isWhole(server.name)) return undefined
  const unwell = (reason: string) => new NatsAdmin.NatsServersUnwell({ reason })
  const others = report.servers.filter((name) => name !== server.name)
  const whole = others.filter(isWhole)
  if (others.length < 2) return yield* unwell(`there are no others that ${server.name} could be made anew from`)
  if (whole.length === 0) return yield* unwell(`no server is whole: ${describe(report)}; restore a snapshot`)
  const [nats, admin] = [yield* Nats.make(server.log), yield* Nats.make(server.admin)]
  yield* NatsAdmin.assertCurrent(admin, others)
  yield* leadBy(nats, cluster, whole)
  yield* Effect.logError(`${server.name} is made anew from the others: ${describe(report)}`)
  const aside = yield* server.empty
  yield* NatsAdmin.awaitCurrent(admin, report.servers)
  return aside
}, Effect.scoped)

export interface Checked {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly report: Report
  /** Where a damaged store was put, if this time one was found. */
  readonly aside?: string
}

/** Reads all replicas and makes that of this server anew if it is damaged. What cannot be mended is logged. */
export const check = Effect.fn("NatsRebuild.check")(function* (options: Options) {
  const { cluster, server } = options
  const look = Effect.flatMap(Nats.make(server.log), (nats) => scrub(nats, cluster)).pipe(Effect.scoped)
  const found = yield* look
  const wrong = describe(found)
  if (wrong !== undefined) yield* Effect.logError(`the store is damaged: ${wrong}`)
  const aside = yield* rebuild(options, found)
  const checked: Checked = {
    at: yield* Clock.currentTimeMillis,
    report: aside === undefined ? found : yield* look,
    ...(aside !== undefined && { aside })
  }
  return checked
})

/** For ever, at times that differ from server to server. Whatever it fails of it tries again the next time. */
export const keepWhole = (options: Options, every: "1 hour" | "6 hours" | "24 hours" = "6 hours") =>
  check(options).pipe(
    Effect.tapError((error) => Effect.logError(`the replicas of the store are not checked: ${error.message}`)),
    Effect.ignore,
    Effect.repeat(Schedule.jittered(Schedule.spaced(every))),
    Effect.delay("1 minute")
  )
