/**
 * A contract between processes of one machine: served at a unix socket, consumed from any number of others. The first
 * frame of the server says what it serves.
 */
import { Deferred, Duration, Effect, Layer, Result, Schema, type Scope } from "effect"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Contract from "./Contract.ts"
import * as Frames from "./Frames.ts"
import * as Wire from "./Wire.ts"

export class SocketFailed extends Schema.TaggedError<SocketFailed>()("SocketFailed", {
  path: Schema.String,
  cause: Schema.Defect()
}) {}

/** The name of a contract's socket in a folder of several. */
export const fileOf = ({ key }: Pick<Contract.Contract<unknown, unknown>, "key">) => `${key.replaceAll("/", ".")}.sock`

const reconnect = { shortest: Duration.millis(20), longest: Duration.seconds(2) }

const dial = (path: string) =>
  Effect.acquireRelease(
    Effect.callback<Net.Socket, unknown>((resume) => {
      const socket = Net.connect(path)
      socket.once("connect", () => resume(Effect.succeed(socket)))
      socket.on("error", (cause) => resume(Effect.fail(cause)))
      return Effect.sync(() => socket.destroy())
    }),
    (socket) => Effect.sync(() => socket.destroy()),
    { interruptible: true }
  )

/** A file that nobody listens at was left by a process that was killed. */
const removeStale = Effect.fnUntraced(function* (path: string) {
  const isServed = yield* Effect.isSuccess(Effect.scoped(dial(path)))
  if (isServed) return yield* Effect.fail(new Error("another process serves it"))
  yield* Effect.promise(() => Fs.rm(path, { force: true }))
})

const listenAt = Effect.fnUntraced(function* (path: string, greeting: unknown, accept: (wire: Wire.Wire) => void) {
  yield* removeStale(path)
  const sockets = new Set<Net.Socket>()
  const server = Net.createServer((socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    const wire = Frames.wireOf(socket)
    wire.post([greeting], 0)
    accept(wire)
  })
  const close = Effect.callback<void>((resume) => {
    for (const socket of sockets) socket.destroy()
    server.close(() => resume(Effect.void))
  })
  const open = Effect.callback<void, unknown>((resume) => {
    server.once("error", (cause) => resume(Effect.fail(cause)))
    server.listen(path, () => resume(Effect.void))
  })
  yield* Effect.acquireRelease(open, () => close)
  yield* Effect.tryPromise(() => Fs.chmod(path, 0o600))
})

/** Serves a contract at a socket that only this user can reach. */
export const serve = <Self, S>(
  contract: Contract.Contract<Self, S>,
  path: string
): Layer.Layer<never, SocketFailed, Self> => {
  const greeting = { contract: contract.key, version: contract.version }
  const listen = (accept: (wire: Wire.Wire) => void) =>
    Effect.mapError(listenAt(path, greeting, accept), (cause) => new SocketFailed({ path, cause }))
  // That nothing else is needed the compiler does not see, because `Self` could be anything.
  return Layer.provide(Contract.server(contract), Wire.server(listen)) as Layer.Layer<never, SocketFailed, Self>
}

const Greeting = Schema.Struct({ contract: Schema.String, version: Schema.String })
const decodeGreeting = Schema.decodeUnknownResult(Greeting)

/** A connection to a server of this contract, in a version that fits. What follows the greeting is heard by `listen`. */
const greeted = Effect.fnUntraced(function* <Self, S>(contract: Contract.Contract<Self, S>, path: string) {
  const wire = Frames.wireOf(yield* dial(path))
  const first = yield* Deferred.make<ReadonlyArray<unknown>, unknown>()
  const early: Array<ReadonlyArray<unknown>> = []
  let heard = (frame: ReadonlyArray<unknown>) => {
    if (!Deferred.doneUnsafe(first, Effect.succeed(frame))) early.push(frame)
  }
  let closed = (why: unknown) => {
    Deferred.doneUnsafe(first, Effect.fail(why))
  }
  let isClosed: { readonly why: unknown } | undefined
  wire.listen(
    (frame) => heard(frame),
    (why) => {
      isClosed = { why }
      closed(why)
    }
  )
  const [greeting] = yield* Effect.timeout(Deferred.await(first), "10 seconds")
  const said = Result.getOrElse(decodeGreeting(greeting), () => ({ contract: "unknown", version: "0.0.0" }))
  if (said.contract !== contract.key) return yield* Effect.fail(new Error(`${path} serves ${said.contract}`))
  yield* Contract.compatible(contract.key, Contract.wanted(contract), said.version)
  const listen: Wire.Wire["listen"] = (on, end) => {
    heard = on
    closed = end
    for (const frame of early) on(frame)
    if (isClosed !== undefined) end(isClosed.why)
  }
  return { ...wire, listen }
})

/**
 * A contract that another process serves. It waits for the other to be there, and connects again whenever the connection ends;
 * meanwhile calls fail with `applied: no`.
 */
export const connect = <Self, S>(
  contract: Contract.Contract<Self, S>,
  path: string,
  patience: Duration.Input = "10 seconds"
): Layer.Layer<Self, Contract.Unavailable | Contract.VersionSkew> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const isOpen = yield* Deferred.make<void, Contract.VersionSkew>()
      /** It is open when it is listened to: from then on it takes calls. */
      const telling = (wire: Wire.Wire): Wire.Wire => ({
        ...wire,
        listen: (heard, closed) => {
          Deferred.doneUnsafe(isOpen, Effect.void)
          wire.listen(heard, closed)
        }
      })
      const open: Effect.Effect<Wire.Wire, unknown, Scope.Scope> = greeted(contract, path).pipe(
        Effect.map(telling),
        Effect.tapError((error) => (error instanceof Contract.VersionSkew ? Deferred.fail(isOpen, error) : Effect.void))
      )
      const unavailable = (cause: unknown) => new Contract.Unavailable({ contract: contract.key, applied: "no", cause })
      const opened = Effect.timeoutOrElse(Deferred.await(isOpen), {
        duration: patience,
        orElse: () => Effect.fail(unavailable(`nobody serves ${path}`))
      })
      // The protocol is there, and tries to connect, before it is waited for.
      const ready = Layer.effectDiscard(opened)
      return Layer.provide(Contract.client(contract), Layer.provideMerge(ready, Wire.client(open, reconnect)))
    })
  )
