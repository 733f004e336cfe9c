/**
 * The worker isolate: the same plugin in a thread of its own, with a `MessagePort` for each contract it offers. A frame is
 * the structured clone of all messages that one turn of the event loop had to say, in the JSON form of their schemas.
 */
import { Effect, Layer, Option, Queue } from "effect"
import { RpcClient, RpcClientError, type RpcMessage, RpcSerialization, RpcServer } from "effect/rpc"
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import * as Contract from "./Contract.ts"
import * as Plugin from "./Plugin.ts"

/** What a thread is started with. */
export interface Start {
  readonly module: string
  readonly ports: { readonly [contract: string]: MessagePort }
}

const { codecFor } = RpcSerialization.json

/** Both ends of a port. Closing the scope closes it; `onClose` runs when the other end is gone. */
const open = <In, Out>(port: MessagePort, onMessage: (message: In) => Effect.Effect<void>, onClose: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context())
    let frame: Array<Out> = []
    const flush = () => {
      port.postMessage(frame)
      frame = []
    }
    port.on("message", (messages: ReadonlyArray<In>) => {
      run(Effect.forEach(messages, onMessage, { discard: true }))
    })
    port.on("close", () => {
      run(onClose)
    })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        port.removeAllListeners().close()
      })
    )
    return (message: Out) =>
      Effect.sync(() => {
        if (frame.push(message) === 1) queueMicrotask(flush)
      })
  })

const clientOver = (port: MessagePort) =>
  Layer.effect(RpcClient.Protocol)(
    RpcClient.Protocol.make(
      Effect.fnUntraced(function* (write) {
        let client = 0
        let lost: RpcClientError.RpcClientError | undefined
        const onClose = Effect.suspend(() => {
          const reason = new RpcClientError.RpcClientDefect({ message: "the thread has ended", cause: undefined })
          lost = new RpcClientError.RpcClientError({ reason })
          return write(client, { _tag: "ClientProtocolError", error: lost })
        })
        const onMessage = (message: RpcMessage.FromServerEncoded) => write(client, message)
        const send = yield* open<RpcMessage.FromServerEncoded, RpcMessage.FromClientEncoded>(port, onMessage, onClose)
        return {
          send: (id, message) => {
            client = id
            return lost === undefined ? send(message) : Effect.fail(lost)
          },
          supportsAck: true,
          supportsTransferables: false,
          codecFor
        }
      })
    )
  )

const serverOver = (port: MessagePort) =>
  Layer.effect(RpcServer.Protocol)(
    RpcServer.Protocol.make(
      Effect.fnUntraced(function* (write) {
        const disconnects = yield* Queue.make<number>()
        const onMessage = (message: RpcMessage.FromClientEncoded) => write(0, message)
        const onClose = Effect.asVoid(Queue.offer(disconnects, 0))
        const send = yield* open<RpcMessage.FromClientEncoded, RpcMessage.FromServerEncoded>(port, onMessage, onClose)
        return {
          disconnects,
          send: (_, message) => send(message),
          end: () => Effect.void,
          clientIds: Effect.succeed(new Set([0])),
          initialMessage: Effect.succeed(Option.none()),
          supportsAck: true,
          supportsTransferables: false,
          supportsSpanPropagation: true,
          supportsNotifications: true,
          codecFor
        }
      })
    )
  )

/**
 * Runs a plugin in a thread. `module` is where its value is exported as `plugin`. What it throws, and an end or a loop that
 * never ends, stays in the thread; memory does not: a heap that is full ends the process, whatever limit the thread has.
 */
export const isolate = <Offers>(plugin: Plugin.Plugin<Offers, never>, module: URL): Plugin.Plugin<Offers, never> => {
  const { name, offers } = plugin
  const main = new URL("./WorkerMain.ts", import.meta.url)
  const spawn = Effect.gen(function* () {
    const channels = offers.map((contract) => ({ contract, channel: new MessageChannel() }))
    const ports = Object.fromEntries(channels.map(({ channel, contract }) => [contract.key, channel.port2]))
    const start: Start = { module: module.href, ports }
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(main, { workerData: start, transferList: Object.values(ports) })),
      (worker) => Effect.promise(() => worker.terminate())
    )
    const run = Effect.runForkWith(yield* Effect.context())
    worker.on("error", (cause) => {
      run(Effect.logError(`the thread of ${name} has failed`, cause))
    })
    const clients = channels.map(({ channel, contract }) =>
      Layer.provide(Contract.client(contract), clientOver(channel.port1))
    )
    return Layer.mergeAll(Layer.empty, ...clients)
  })
  return Plugin.make({ name, offers, layer: Layer.unwrap(spawn) })
}

/** The thread's side: serves what the plugin offers on the ports that came with the start. */
export const serve = ({ layer, offers }: Plugin.Plugin<unknown, never>, { ports }: Start) => {
  const servers = offers.map((contract) => Layer.provide(Contract.server(contract), serverOver(ports[contract.key]!)))
  return Layer.mergeAll(Layer.empty, ...servers).pipe(Layer.provide(layer))
}
