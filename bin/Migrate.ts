/**
 * `keelson runtime migrate <node> <from> <to>`: new Pods of the node start on another runtime from now on, and those that run move there one
 * by one. They are evicted, so that disruption budgets hold, and the next goes when the replacement of the last is ready.
 */
import { Clock, Console, Effect, Option, Schema } from "effect"
import type * as Https from "../adapters/client/https/Https.ts"
import * as Kubeconfig from "../adapters/client/https/Kubeconfig.ts"
import * as Transport from "../adapters/client/https/Transport.ts"
import { Client } from "../kernel/client/Client.ts"
import { keyOf } from "../kernel/resource/Kind.ts"
import * as Handlers from "../plugins/kubelet/node/Handlers.ts"
import { Report } from "../plugins/kubelet/server/Runtimes.ts"
import { ReplicaSet, StatefulSet } from "../plugins/resources/contracts/apps/v1.ts"
import { Node, Pod, ReplicationController } from "../plugins/resources/contracts/core/v1.ts"
import { RuntimeClass } from "../plugins/resources/contracts/node/v1.ts"
import * as Join from "./Join.ts"
import * as Migration from "./Migration.ts"

export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", { message: Schema.String }) {}
const failed = (message: string) => new MigrationFailed({ message })

export interface Options extends Migration.Asked, Migration.Allowed {
  readonly node: string
  /** Seconds that one Pod may take; 0: as long as it likes. */
  readonly timeoutSeconds: number
}

/** What the node's kubelet says of its runtimes. */
export type Look = Effect.Effect<Report, MigrationFailed>

const every = "200 millis"
/** Between two attempts to evict a Pod that a budget holds, milliseconds: twice as long each time. */
const backOff = { first: 500, most: 10_000 }
/** A kubelet sees within a moment what was said to it, and has taken a Pod away when the API lets it go. */
const shortly = "60 seconds"

const counted = (pods: number) => `${pods} Pod${pods === 1 ? "" : "s"}`
const shown = (millis: number) => `${(millis / 1000).toFixed(1)} s`

const until = <A, E, R>(read: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  Effect.gen(function* () {
    for (;;) {
      const value = yield* read
      if (holds(value)) return value
      yield* Effect.sleep(every)
    }
  })

const there = Effect.fnUntraced(function* (node: string, look: Look) {
  const client = yield* Client
  const pods = yield* client.list(Pod, { fieldSelector: `spec.nodeName=${node}` })
  return { report: yield* look, pods, classes: yield* client.list(RuntimeClass) }
})

/** How many Pods its controller wants by now; undefined: whatever it had. */
const wanted = Effect.fnUntraced(function* (pod: Pod) {
  const client = yield* Client
  const owner = Migration.controllerOf(pod)
  const key = { namespace: pod.metadata.namespace ?? "", name: owner?.name ?? "" }
  const replicas = <
    A extends { readonly metadata: { readonly uid: string }; readonly spec: { readonly replicas?: number } }
  >(
    found: Option.Option<A>
  ) => (found._tag === "Some" && found.value.metadata.uid === owner?.uid ? (found.value.spec.replicas ?? 1) : 0)
  if (owner?.kind === "ReplicaSet") return replicas(yield* client.find(ReplicaSet, key))
  if (owner?.kind === "StatefulSet") return replicas(yield* client.find(StatefulSet, key))
  if (owner?.kind === "ReplicationController") return replicas(yield* client.find(ReplicationController, key))
  // A Job's work may be done, and a Pod of nobody does not come back.
  return owner === undefined || owner.kind === "Job" ? 0 : undefined
})

/** The ready Pods of the same controller. */
const siblings = Effect.fnUntraced(function* (pod: Pod) {
  const client = yield* Client
  const owner = Migration.controllerOf(pod)
  if (owner === undefined) return []
  const pods = yield* client.list(Pod, { namespace: pod.metadata.namespace ?? "" })
  return pods.filter((one) => Migration.isReady(one) && Migration.controllerOf(one)?.uid === owner.uid)
})

/** Asks until the budgets allow it. Gone already is as good. */
const evict = Effect.fnUntraced(function* (pod: Pod) {
  const client = yield* Client
  const { name, namespace = "", uid } = pod.metadata
  const body = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } }
  }
  for (let pause = backOff.first; ; pause = Math.min(2 * pause, backOff.most)) {
    const asked = yield* Effect.result(client.post(Pod, keyOf(pod), "eviction", body))
    if (asked._tag === "Success") return
    const { failure } = asked
    // Under its name is another by now.
    if (failure._tag === "NotFound" || failure._tag === "Conflict") return
    if (failure._tag !== "TooManyRequests") return yield* failed(`${Migration.nameOf(pod)}: ${failure.message}`)
    yield* Console.log(`  ${Migration.nameOf(pod)}: ${failure.detail}; again in ${shown(pause)}`)
    yield* Effect.sleep(pause)
  }
})

const move = Effect.fnUntraced(function* (pod: Pod) {
  const client = yield* Client
  const name = Migration.nameOf(pod)
  const began = yield* Clock.currentTimeMillis
  const before = yield* siblings(pod)
  yield* evict(pod)
  const isGone = (found: Option.Option<Pod>) => found._tag === "None" || found.value.metadata.uid !== pod.metadata.uid
  yield* until(client.find(Pod, keyOf(pod)), isGone)
  const gone = (yield* Clock.currentTimeMillis) - began
  if (Migration.isFinished(pod)) return yield* Console.log(`  ${name}: had finished, and is removed`)
  const enough = Effect.gen(function* () {
    const now = yield* siblings(pod)
    return { now, isEnough: now.length >= Math.min(before.length, (yield* wanted(pod)) ?? before.length) }
  })
  const { now } = yield* until(enough, ({ isEnough }) => isEnough)
  const fresh = now.filter((one) => !before.some(({ metadata }) => metadata.uid === one.metadata.uid))
  const ready = (yield* Clock.currentTimeMillis) - began
  const words = fresh.map((one) => `${one.metadata.name} is ready after ${shown(ready)}`)
  yield* Console.log(`  ${name}: ${[`gone after ${shown(gone)}`, ...words].join(", ")}`)
})

/** New Pods do not start on the old one any more: done when the kubelet knows. */
const choose = Effect.fnUntraced(function* ({ node, to }: Options, look: Look) {
  const client = yield* Client
  const annotations = { [Handlers.annotation]: to }
  yield* client.patch(Node, { namespace: "", name: node }, "merge", { metadata: { annotations } })
  yield* until(look, (report) => report.default === to).pipe(
    Effect.timeoutOrElse({
      duration: shortly,
      orElse: () => Effect.fail(failed(`the kubelet of ${node} does not see its annotation ${Handlers.annotation}`))
    })
  )
  yield* Console.log(`new Pods of ${node} without a RuntimeClass start on ${to}`)
})

const inTime = (options: Options, pod: Pod) => {
  const { from, node, timeoutSeconds, to } = options
  if (timeoutSeconds === 0) return move(pod)
  const words = `${Migration.nameOf(pod)} was not moved in ${timeoutSeconds} s: the others stay where they are`
  const back = `go on: keelson runtime migrate ${node} ${from} ${to}, or back: keelson runtime migrate ${node} ${to} ${from}`
  return Effect.timeoutOrElse(move(pod), {
    duration: `${timeoutSeconds} seconds`,
    orElse: () => Effect.fail(failed(`${words}; ${back}`))
  })
}

/** What is left on the old runtime, as soon as that is only what belongs there. */
const finish = Effect.fnUntraced(function* (options: Options, look: Look) {
  const { from, node } = options
  const planned = Effect.map(there(node, look), (now) => Migration.plan(options, now))
  const isClean = ({ moves, strangers }: Migration.Plan) => moves.length + strangers.length === 0
  const clean = yield* Effect.timeoutOption(until(planned, isClean), shortly)
  const { moves, stays, strangers } = Option.isSome(clean) ? clean.value : yield* planned
  for (const pod of stays)
    yield* Console.log(`  ${Migration.nameOf(pod)} stays on ${from}, by its RuntimeClass ${pod.spec.runtimeClassName}`)
  const left = [...moves.map(Migration.nameOf), ...strangers]
  if (left.length > 0) return yield* failed(`${from} on ${node} still has something of ${left.join(", ")}`)
  const rest = stays.length === 0 ? "no sandboxes and no containers" : `nothing but ${counted(stays.length)} by RuntimeClass`
  yield* Console.log(`${from} on ${node} has ${rest}`)
})

export const migrate = Effect.fn("Migrate.migrate")(function* (options: Options, look: Look) {
  const { from, node, to } = options
  const wrong = Migration.refusal(options, yield* look, node)
  if (wrong !== undefined) return yield* failed(wrong)
  const reserved = Migration.reservations(Migration.plan(options, yield* there(node, look)), options)
  if (reserved.length > 0) return yield* failed(`nothing was changed: ${reserved.join("; ")}`)
  yield* choose(options, look)
  let count = 0
  for (const done = new Set<string>(); ; count++) {
    // Looked at anew each time: what started meanwhile moves too.
    const { moves } = Migration.plan(options, yield* there(node, look))
    const next = moves.find(({ metadata }) => !done.has(metadata.uid))
    if (next === undefined) break
    if (count === 0) yield* Console.log(`from ${from} to ${to}: ${counted(moves.length)}`)
    done.add(next.metadata.uid)
    yield* inTime(options, next)
  }
  yield* Console.log(`${counted(count)} moved`)
  yield* finish(options, look)
})

/** Of the kubelet, through the API server. */
const looking = Effect.fnUntraced(function* (target: Transport.Target & { readonly token?: string }, node: string) {
  const send = yield* Transport.make(target)
  const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/runtimes`
  const headers = { accept: "application/json", ...(target.token && { authorization: `Bearer ${target.token}` }) }
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Report))
  return Effect.gen(function* () {
    const { body, status } = yield* send({ method: "GET", path, headers })
    const chunks = yield* Effect.tryPromise(() => body.toArray())
    const text = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString("utf8")
    if (status !== 200) return yield* failed(`the kubelet of ${node} does not say what runs there: ${status} ${text}`)
    return yield* decode(text)
  }).pipe(
    Effect.scoped,
    Effect.mapError((failure) =>
      failure._tag === "MigrationFailed"
        ? failure
        : failed(`the kubelet of ${node} does not answer as one of ours: ${failure}`)
    )
  )
})

export const run = Effect.fn("Migrate.run")(function* (kubeconfig: string, options: Options) {
  const target: Https.Options = yield* Kubeconfig.read(kubeconfig)
  const { client } = yield* Join.clientOf({ ...target, userAgent: "keelson" })
  yield* Effect.provideService(migrate(options, yield* looking(target, options.node)), Client, client)
}, Effect.scoped)
