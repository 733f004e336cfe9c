/**
 * Contracts over connections that carry frames: ports of threads, sockets of processes. A frame is all messages that one turn
 * of the event loop had to say, in the JSON form of their schemas, in which bytes stay bytes.
 */
import { Context, Duration, Effect, Layer, Option, Queue, type Scope } from "effect"
import { RpcClient, RpcClientError, type RpcMessage, RpcSerialization, RpcServer } from "effect/rpc"
import * as Chunks from "./Chunks.ts"
import * as Contract from "./Contract.ts"
import * as Direct from "./Direct.ts"
import * as Outgoing from "./Outgoing.ts"

/** A connection that is open. What it is given to say is data. */
export interface Wire {
  /** `bytes`: about how large it is. */
  readonly post: (frame: ReadonlyArray<unknown>, bytes: number) => void
  /** How many bytes of it the other end has not taken. */
  readonly unsent: () => number
  /** Calls back once, when the other end has taken some, or will take no more. */
  readonly drained: (then: () => void) => void
  /** Called once; nothing is heard before, and nothing is lost. `closed` is called when the other end is gone. */
  readonly listen: (heard: (frame: ReadonlyArray<unknown>) => void, closed: (why: unknown) => void) => void
}

const { codecFor } = RpcSerialization.json

/** What the other end says is data of some kind. Whether it speaks the protocol shows when it greets, hence the cast. */
const tagged = (message: unknown) => message as { readonly _tag: string }

const broken = (message: string, cause: unknown) =>
  new RpcClientError.RpcClientError({ reason: new RpcClientError.RpcClientDefect({ message, cause }) })

export interface Reconnect {
  readonly shortest: Duration.Duration
  readonly longest: Duration.Duration
}

/**
 * The consumer's end. Calls under way when the connection ends fail with `applied: unknown`, calls while there is none with
 * `applied: no`. Without `reconnect` the first end is the last.
 */
export const client = <E>(open: Effect.Effect<Wire, E, Scope.Scope>, reconnect?: Reconnect) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const waiting = Direct.waiting()
      let out: Outgoing.Outgoing | undefined
      let why: unknown = "not connected yet"
      const begin: Direct.Calls["Service"]["begin"] = (tag, payload, settle, hear) => {
        const way = out
        if (way === undefined) {
          settle(new Direct.Lost(false, why))
          return { acknowledge: () => {}, giveUp: () => {} }
        }
        const bytes = Outgoing.sizeOf(payload)
        // What a stream was asked with is not under way: it may go on for ever.
        const counted = hear === undefined ? bytes : 0
        let isSaid = false
        const id = waiting.begin((exit) => {
          if (isSaid) way.asked(-counted)
          settle(exit instanceof Direct.Lost && !isSaid ? new Direct.Lost(false, exit.cause) : exit)
        }, hear)
        const request: Direct.Request = { _tag: "Request", id, tag, payload, headers: [] }
        const giveUp = way.whenRoom(() => {
          if (!waiting.has(id)) return
          isSaid = true
          way.asked(counted)
          way.say(request, bytes)
        })
        const tell = (message: unknown) => {
          if (out === way) way.say(message)
        }
        return {
          acknowledge: () => tell({ _tag: "Ack", requestId: id }),
          giveUp: () => {
            if (!waiting.forget(id)) return
            giveUp()
            if (!isSaid) return
            way.asked(-counted)
            tell({ _tag: "Interrupt", requestId: id })
          }
        }
      }
      const protocol = yield* RpcClient.Protocol.make(
        Effect.fnUntraced(function* (write) {
          let client = 0
          let wasOpen = false
          const run = Effect.runForkWith(yield* Effect.context())
          // Only messages of rpc come from the other end, which speaks the same protocol or fails to greet; hence the cast.
          const hear = (frame: ReadonlyArray<unknown>) => {
            const others = frame.filter((message) => !waiting.hear(tagged(message)))
            if (others.length === 0) return
            // Who is slow to take what is for him holds up nobody else.
            run(
              Effect.forEach(others, (message) => write(client, message as RpcMessage.FromServerEncoded), {
                concurrency: "unbounded",
                discard: true
              })
            )
          }
          const attend = Effect.gen(function* () {
            const wire = yield* open
            const way = Outgoing.over(wire)
            out = way
            yield* Effect.addFinalizer(() => Effect.sync(way.end))
            wasOpen = true
            yield* Effect.callback<void>((resume) => {
              wire.listen(hear, (cause) => {
                why = cause
                resume(Effect.void)
              })
            })
          }).pipe(
            Effect.scoped,
            Effect.catch((error) => Effect.sync(() => (why = error))),
            Effect.ensuring(Effect.sync(() => (out = undefined)))
          )
          const end = Effect.suspend(() => {
            waiting.end(new Direct.Lost(true, why))
            return write(client, { _tag: "ClientProtocolError", error: broken("the other end is gone", why) })
          })
          yield* Effect.addFinalizer(() => Effect.sync(() => waiting.end(new Direct.Lost(true, "closed here"))))
          const attempts = Effect.gen(function* () {
            let delay = reconnect?.shortest
            for (;;) {
              wasOpen = false
              yield* attend
              yield* end
              if (reconnect === undefined || delay === undefined) return
              yield* Effect.sleep(delay)
              delay = wasOpen ? reconnect.shortest : Duration.min(Duration.times(delay, 2), reconnect.longest)
            }
          })
          yield* Effect.forkScoped(attempts, { startImmediately: true })
          return {
            send: (id, message) => {
              client = id
              const way = out
              if (way !== undefined) {
                if (message._tag === "Request") return Chunks.sent(way, message, Outgoing.sizeOf(message.payload))
                return Effect.sync(() => way.say(message))
              }
              return message._tag === "Request" ? Effect.fail(broken(Contract.unsent, why)) : Effect.void
            },
            supportsAck: true,
            supportsTransferables: false,
            codecFor
          }
        })
      )
      return Context.make(RpcClient.Protocol, protocol).pipe(Context.add(Direct.Calls, { begin, codecFor }))
    })
  )

/** The implementation's end, for all who connect. `listen` accepts connections as long as its scope is open. */
export const server = <E, R>(listen: (accept: (wire: Wire) => void) => Effect.Effect<void, E, R>) =>
  Layer.effectContext(
    Effect.gen(function* () {
      let methods: ReadonlyMap<string, Direct.Answer> = new Map()
      const protocol = yield* RpcServer.Protocol.make(
        Effect.fnUntraced(function* (write) {
          const run = Effect.runForkWith(yield* Effect.context())
          const disconnects = yield* Queue.make<number>()
          const clients = new Map<number, { readonly out: Outgoing.Outgoing; readonly chunks: Chunks.Chunks }>()
          const ends = new Set<() => void>()
          let next = 0
          yield* Effect.addFinalizer(() => Effect.sync(() => ends.forEach((end) => end())))
          yield* listen((wire) => {
            const id = next++
            const out = Outgoing.over(wire)
            const answering = Direct.answering(out)
            const chunks = Chunks.over(out)
            clients.set(id, { out, chunks })
            ends.add(answering.end)
            wire.listen(
              // As above: the other end speaks rpc.
              (frame) => {
                const others = frame.filter(
                  (message) => !answering.hear(methods, tagged(message)) && !chunks.hear(tagged(message))
                )
                if (others.length === 0) return
                run(
                  Effect.forEach(others, (message) => write(id, message as RpcMessage.FromClientEncoded), { discard: true })
                )
              },
              () => {
                clients.delete(id)
                ends.delete(answering.end)
                answering.end()
                out.end()
                Queue.offerUnsafe(disconnects, id)
              }
            )
          })
          return {
            disconnects,
            send: (id, message) => {
              const found = clients.get(id)
              if (found === undefined) return Effect.void
              const { chunks, out } = found
              if (message._tag === "Chunk") return chunks.say(message)
              if (message._tag === "Exit") return Chunks.sent(out, message, Outgoing.sizeOf(message.exit))
              return Effect.sync(() => out.say(message))
            },
            end: () => Effect.void,
            clientIds: Effect.sync(() => new Set(clients.keys())),
            initialMessage: Effect.succeed(Option.none()),
            supportsAck: true,
            supportsTransferables: false,
            supportsSpanPropagation: true,
            supportsNotifications: true,
            codecFor
          }
        })
      )
      const serve: Direct.Answers["Service"]["serve"] = (all) => (methods = all)
      return Context.make(RpcServer.Protocol, protocol).pipe(Context.add(Direct.Answers, { serve, codecFor }))
    })
  )
