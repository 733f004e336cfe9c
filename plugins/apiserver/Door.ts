/**
 * One request after another: who asks, for what, and the answer, each in a fiber of its own that ends when the client goes.
 */
import { Cause, Context, Effect, Exit, Fiber, Option, Result } from "effect"
import type { IncomingMessage } from "node:http"
import { STATUS_CODES } from "node:http"
import type { TLSSocket } from "node:tls"
import { BadRequest } from "../../kernel/client/Errors.ts"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import { authorize } from "../../kernel/pipeline/Authorize.ts"
import { Past } from "../../kernel/pipeline/Past.ts"
import { Pipeline } from "../../kernel/pipeline/Pipeline.ts"
import { Authenticators, Authorizers } from "../../kernel/pipeline/Policy.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { Unreadable } from "../../kernel/table/Envelope.ts"
import { Auditor, type Recording } from "../audit/contracts/Auditor.ts"
import { type Answer, failure, send } from "./Answer.ts"
import * as Auditing from "./Auditing.ts"
import { type Backend, Backends } from "./contracts/Backends.ts"
import type { RequestHeader } from "./contracts/RequestHeader.ts"
import { type Route, Routes } from "./contracts/Routes.ts"
import * as Deadline from "./Deadline.ts"
import { type Exchange, type Incoming, type Outgoing, split } from "./Exchange.ts"
import { type Fairness, verbOf } from "./fairness/Fairness.ts"
import { Turn } from "./fairness/Turn.ts"
import * as Identity from "./Identity.ts"
import * as Metrics from "./Metrics.ts"
import * as ComponentStatuses from "./objects/ComponentStatuses.ts"
import { resolve } from "./objects/Resolve.ts"
import * as Rest from "./objects/Rest.ts"
import * as Other from "./Other.ts"
import * as Path from "./Path.ts"
import { flag } from "./Query.ts"
import { type DoorError, internal, notFound, Refused, statusOf } from "./Refused.ts"
import * as Forward from "./streaming/Forward.ts"
import type { Kubelet } from "./streaming/Kubelet.ts"
import * as Streams from "./streaming/Streams.ts"

export type Needs = Pipeline | Past | Kinds | Authenticators | Authorizers | Routes | Backends

export interface DoorOptions extends Pick<Other.About, "checks" | "openid" | "version" | "address"> {
  readonly kubelet: Kubelet
  readonly components: ComponentStatuses.Components
  readonly fairness: Fairness
  readonly requestHeader: RequestHeader | undefined
}

const nowhere = { group: "", version: "", resource: "", subresource: "", namespace: "", name: "" }

const isWatched = ({ query }: Pick<Exchange, "query">, path: Path.ObjectPath | undefined) =>
  path !== undefined && (path.watch || (path.name === "" && flag(query, "watch") === true))

const badPath = new BadRequest({ detail: "the path of the URL has a broken escape" })
const pathOf = (path: string) => Result.try({ try: () => Path.objects(path), catch: () => badPath })
const momentOf = (path: string) => Result.try({ try: () => Path.asOf(path), catch: () => badPath })
const past = (detail: string) => new Refused({ code: 405, reason: "MethodNotAllowed", detail })
const unchangeable = past("what was cannot be changed: leave /as-of/… out of the address to write")
const unwatchable = past("what was does not change, and nothing runs there: leave /as-of/… out of the address to watch")

const ending = new Refused({ code: 503, reason: "ServiceUnavailable", detail: "the server is shutting down" })

/** What only a bug explains is told to the log, and to the client without its inside; an object that cannot be read by its name. */
const broken = (cause: Cause.Cause<never>) => {
  const defect = Cause.squash(cause)
  const detail = defect instanceof Unreadable ? defect.message : "the server met a condition it did not expect"
  return Effect.as(Effect.logError("a request failed", cause), failure(internal(detail)))
}

/** Requests under way, the long ones apart: at the end those are not waited for. */
interface Running {
  readonly fiber: Fiber.Fiber<unknown>
  readonly isLong: boolean
}

/** How long what is under way has for its answer. A write may wait that long for a store that elects a leader. */
const patience = "12 seconds"

export const make = Effect.fnUntraced(function* (options: DoorOptions) {
  const context = yield* Effect.context<Needs>()
  const kinds = Context.get(context, Kinds)
  const authorizers = Context.get(context, Authorizers)
  const access = { authenticators: Context.get(context, Authenticators), authorizers }
  const identity = Identity.make(access, options.requestHeader)
  const auditor = Option.getOrUndefined(yield* Effect.serviceOption(Auditor))
  const observe = Metrics.make(context)
  const routes = Context.get(context, Routes)
  const backends = Context.get(context, Backends)
  const other = Other.make({ ...options, kinds, routes, backends, authorizers, context })
  const fork = Effect.runForkWith(context)
  const running = new Set<Running>()
  const components = ComponentStatuses.pipeline(Context.get(context, Pipeline), options.components)
  let isClosing = false

  const isKnown = ({ group, resource, version }: Path.ObjectPath) => kinds.find(group, version, resource) !== undefined

  /** Whether it exists is told only to those who may ask. */
  const find = Effect.fnUntraced(function* (exchange: Exchange, path: Path.ObjectPath) {
    const found = resolve(kinds, path, exchange.method, exchange.user)
    if (Result.isSuccess(found)) return found.success
    yield* authorize(access, { user: exchange.user, verb: exchange.method.toLowerCase(), ...path })
    return yield* found.failure
  })

  /** A plugin's path may look like one of objects; whoever may get such objects may get it. */
  const routedAt = Effect.fnUntraced(function* (exchange: Exchange, path: Path.ObjectPath, route: Route) {
    const verb = verbOf({ method: exchange.method, path, isWatch: isWatched(exchange, path) })
    yield* authorize(access, { user: exchange.user, verb, ...path })
    return yield* Other.routed(route, exchange)
  })

  /** Who answers for a group instead of us. */
  const backendOf = (text: string, path: Path.ObjectPath | undefined) => {
    const { group, version } = path ?? Path.versionOf(text) ?? nowhere
    return group === "" ? undefined : backends.find(group, version)
  }

  const forward = Effect.fnUntraced(function* (exchange: Exchange, path: Path.ObjectPath | undefined, to: Backend) {
    const { incoming, method, path: text, user } = exchange
    const verb = verbOf({ method, path, isWatch: isWatched(exchange, path) })
    yield* authorize(access, { user, verb, ...(path ?? { ...nowhere, path: text }) })
    return yield* Forward.answer(exchange, incoming.url ?? text, to)
  })

  const answer = Effect.fnUntraced(function* (
    exchange: Exchange,
    path: Path.ObjectPath | undefined
  ): Effect.fn.Return<Answer, DoorError, Needs> {
    const backend = backendOf(exchange.path, path)
    if (backend !== undefined) return yield* forward(exchange, path, backend)
    if (path === undefined) return yield* other(exchange)
    const route = isKnown(path) ? undefined : routes.find(exchange.path)
    if (route !== undefined) return yield* routedAt(exchange, path, route)
    const at = yield* find(exchange, path)
    const stream = Streams.find(at)
    if (stream !== undefined) return yield* stream(exchange, at, path.rest, options.kubelet)
    const asked = Rest.answer(exchange, at, path.watch)
    return yield* at.served.kind.storage === ComponentStatuses.storage
      ? Effect.provideService(asked, Pipeline, components)
      : asked
  })

  /** What a client needs to find its way is as ever; objects are as they were, for whoever may read them now. */
  const answerThen = Effect.fnUntraced(function* (
    exchange: Exchange,
    path: Path.ObjectPath | undefined,
    moment: string,
    isWatch: boolean
  ): Effect.fn.Return<Answer, DoorError, Needs> {
    if (exchange.method !== "GET" && exchange.method !== "HEAD") return yield* unchangeable
    if (path === undefined) return yield* Other.isGuide(exchange.path) ? other(exchange) : notFound
    if (isWatch) return yield* unwatchable
    const at = yield* find(exchange, path)
    if (Streams.find(at) !== undefined) return yield* unwatchable
    const past = yield* Past
    return yield* Effect.provideService(Rest.answer(exchange, at, false), Pipeline, yield* past.at(moment))
  })

  const request = (incoming: Incoming, outgoing: Outgoing, socket: TLSSocket) => {
    const began = performance.now()
    const method = incoming.method ?? "GET"
    const { path: whole, query } = split(incoming.url ?? "/")
    const then = Result.getOrElse(momentOf(whole), () => undefined)
    const text = then?.path ?? whole
    const path = Result.getOrElse(pathOf(text), () => undefined)
    const isWatch = isWatched({ query }, path)
    const isLong = path === undefined ? routes.find(text)?.isLong === true : isWatch || Streams.isStream(path)
    const turn = new Turn(options.fairness)
    const base = { incoming, outgoing, method, path: text, query, initialized: turn.initialized }
    const asking = { incoming, socket, method, text, path, isWatch }
    let recording: Recording | undefined
    const answered = Effect.gen(function* () {
      if (isClosing) return yield* ending
      const caller = yield* Effect.tapError(identity.caller(incoming, socket), (error) =>
        Effect.sync(() => Auditing.refused(Auditing.begin(auditor, asking, undefined, outgoing), error))
      )
      recording = Auditing.begin(auditor, asking, caller, outgoing)
      if (isLong) Auditing.watched(recording, outgoing)
      const user = yield* identity.acting(incoming, caller)
      if (user !== caller) recording?.impersonated(user)
      // Connections that stay open without end would keep their seats from everybody else.
      const wait = isLong && !isWatch ? undefined : turn.take({ user, method, text, path, query, isWatch }, outgoing)
      const refused = wait === undefined ? undefined : yield* wait
      if (refused !== undefined) return refused
      const asked = yield* Effect.fromResult(pathOf(text))
      const exchange = recording === undefined ? { ...base, user } : { ...base, user, recording }
      if (then === undefined) return yield* Auditing.recorded(recording, answer(exchange, asked))
      return yield* Auditing.recorded(recording, answerThen(exchange, asked, then.moment, isWatch))
    })
    const program = (isLong ? answered : Deadline.within(query, answered)).pipe(
      Effect.catch((error) => Effect.succeed(failure(error))),
      Effect.catchCause((cause) => {
        recording?.panicked(`APIServer panic'd: ${String(Cause.squash(cause))}`)
        return broken(cause)
      }),
      Effect.map((answer) => Auditing.answered(recording, answer)),
      Effect.tap((answer) => finish({ ...base, user: Identity.anonymous }, answer)),
      // A body that nobody has read would hold up all other requests of a connection of HTTP/2.
      Effect.ensuring(Effect.sync(() => void incoming.resume()))
    )
    const entry = { fiber: fork(program), isLong }
    running.add(entry)
    // Whoever waits for the body has a listener of their own; without any an error would end the process.
    incoming.on("error", () => {})
    outgoing.once("close", () => entry.fiber.interruptUnsafe())
    entry.fiber.addObserver((exit) => {
      running.delete(entry)
      turn.over()
      const code = Exit.isSuccess(exit) ? exit.value.code : 499
      recording?.complete(Exit.isSuccess(exit) || isLong ? (Exit.isSuccess(exit) ? code : 200) : code)
      const known =
        path !== undefined && kinds.find(path.group, path.version, path.resource) !== undefined ? path : undefined
      observe({ method, path: known, isWatch, code, seconds: (performance.now() - began) / 1000 })
    })
  }

  /** An answer that has begun cannot become another: the connection says that it is not whole. */
  const finish = (exchange: Exchange, answer: Answer) => {
    const { outgoing } = exchange
    const cut = Effect.sync(() => void outgoing.destroy())
    if (answer._tag !== "Sent" && outgoing.headersSent) return cut
    return Effect.catchCause(send(exchange, answer), (cause) =>
      Effect.flatMap(broken(cause), (instead) => (outgoing.headersSent ? cut : send(exchange, instead)))
    )
  }

  const upgrade = (incoming: IncomingMessage, socket: TLSSocket, head: Buffer) => {
    const { path: text, query } = split(incoming.url ?? "/")
    const named = Result.getOrElse(pathOf(text), () => undefined)
    const asking = { incoming, socket, method: incoming.method ?? "GET", text, path: named, isWatch: false }
    let recording: Recording | undefined
    const led = Effect.gen(function* () {
      const caller = yield* identity.caller(incoming, socket)
      recording = Auditing.begin(auditor, asking, caller)
      const user = yield* identity.acting(incoming, caller)
      if (user !== caller) recording?.impersonated(user)
      return yield* Auditing.recorded(recording, lead(user))
    })
    const lead = Effect.fnUntraced(function* (user: User) {
      const path = yield* Effect.fromResult(pathOf(text))
      const backend = backendOf(text, path)
      if (backend !== undefined) {
        yield* authorize(access, { user, verb: "get", ...(path ?? { ...nowhere, path: text }) })
        return yield* Forward.upgrade(socket, incoming, head, user, backend)
      }
      if (path === undefined) return yield* notFound
      const at = yield* Effect.fromResult(resolve(kinds, path, "GET", user))
      yield* Streams.upgrade({ incoming, socket, head, query }, at, path.rest, options.kubelet)
    })
    const program = led.pipe(
      Effect.tapError((error) => Effect.sync(() => Auditing.refused(recording, error))),
      Effect.catch((error) => Effect.sync(() => refuse(socket, error))),
      Effect.catchCause((cause) => Effect.as(broken(cause), refuse(socket, internal("the connection broke"))))
    )
    const entry = { fiber: fork(program), isLong: true }
    running.add(entry)
    // Without a listener an error of the socket would end the process.
    socket.on("error", () => {})
    socket.once("close", () => entry.fiber.interruptUnsafe())
    entry.fiber.addObserver(() => {
      recording?.complete(101)
      running.delete(entry)
    })
  }

  const under = (isLong: boolean) => [...running].filter((one) => one.isLong === isLong).map(({ fiber }) => fiber)
  /** Ends watches and streams, and waits for what else is under way, also for what still comes in meanwhile. */
  const close = Effect.suspend(() => Fiber.interruptAll(under(true))).pipe(
    Effect.andThen(Effect.suspend(() => Effect.forEach(under(false), Fiber.await, { discard: true }))),
    Effect.repeat({ while: () => running.size > 0 }),
    Effect.timeoutOption(patience),
    Effect.ensuring(
      Effect.sync(() => {
        isClosing = true
      })
    )
  )

  return { request, upgrade, close }
})

/** An ordinary answer on a connection that wanted to become something else. */
const refuse = (socket: TLSSocket, error: DoorError) => {
  const status = statusOf(error)
  const body = JSON.stringify(status)
  const lines = [
    `HTTP/1.1 ${status.code} ${STATUS_CODES[status.code] ?? ""}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close"
  ]
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`)
}
