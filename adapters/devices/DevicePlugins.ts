/**
 * Where upstream's device plugins register: a server at `kubelet.sock` in their folder. Each says at which socket beside it is asked from
 * then on, and is one of the node's providers as long as it tells of its devices.
 */
import * as grpc from "@grpc/grpc-js"
import { Effect, Exit, FiberSet, Schema, Scope, Stream } from "effect"
import { chmodSync, lstatSync, readdirSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import { isLive } from "../../kernel/LiveSocket.ts"
import * as MadeFolder from "../../kernel/MadeFolder.ts"
import type { Provider } from "../../plugins/kubelet/contracts/NodeDevices.ts"
import * as DevicePlugin from "./DevicePlugin.ts"
import { decoder, encoder, RegisterRequest } from "./Messages.ts"

export interface Options {
  /** Its own alone: other sockets in it are from before this node started, and are removed. */
  readonly directory: string
  /** Takes it in until the scope closes. */
  readonly add: (provider: Provider) => Effect.Effect<unknown, unknown, Scope.Scope>
}

/** It could not listen there: what the system says. */
export class NotServed extends Schema.TaggedError<NotServed>()("NotServed", {
  socket: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `no device plugin can register at ${this.socket}: ${this.reason}`
  }
}

class Unfit extends Schema.TaggedError<Unfit>()("Unfit", { message: Schema.String }) {}

/** A name with a domain that is not Kubernetes' own. */
const isExtended = (name: string) =>
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name) &&
  !/(^|\.)kubernetes\.io\//.test(name) &&
  !name.startsWith("requests.")

const register: grpc.MethodDefinition<unknown, object> = {
  path: "/v1beta1.Registration/Register",
  requestStream: false,
  responseStream: false,
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: decoder("RegisterRequest"),
  responseSerialize: encoder("Empty"),
  responseDeserialize: () => ({})
}

/** Plugins watch for the socket to come anew, and register again then. */
const emptied = (directory: string) =>
  Effect.try({
    try: () => {
      for (const name of readdirSync(directory)) {
        const path = join(directory, name)
        if (lstatSync(path).isSocket()) rmSync(path)
      }
    },
    catch: (error) => new NotServed({ socket: directory, reason: error instanceof Error ? error.message : String(error) })
  })

/** Takes one in, and lets it go when it tells no more. Another that registers for the same resource follows it. */
const takingIn = Effect.fnUntraced(function* ({ add }: Pick<Options, "add">) {
  const scope = yield* Effect.scope
  const open = new Map<string, Scope.Closeable>()
  const close = (resource: string, own: Scope.Closeable) =>
    Effect.suspend(() => {
      if (open.get(resource) === own) open.delete(resource)
      return Scope.close(own, Exit.void)
    })
  return Effect.fnUntraced(function* (resource: string, socket: string) {
    const own = yield* Scope.fork(scope)
    const taken = Effect.gen(function* () {
      const provider = yield* DevicePlugin.make(resource, socket)
      const before = open.get(resource)
      open.set(resource, own)
      // Who ceases to listen does not end it; the plugin does.
      const ended = Effect.forkIn(close(resource, own), scope)
      const devices = () =>
        Stream.concat(
          Stream.tapError(provider.devices(), () => ended),
          Stream.fromEffectDrain(ended)
        )
      yield* add({ ...provider, devices })
      if (before !== undefined) yield* Effect.forkIn(Scope.close(before, Exit.void), scope)
    })
    yield* Effect.onError(Scope.provide(taken, own), () => close(resource, own))
    yield* Effect.log(`the device plugin of ${resource} has registered`)
  })
})

const isVersion = "v1beta1"

const checked = (request: unknown) =>
  Effect.gen(function* () {
    const asked = yield* Effect.mapError(
      Schema.decodeUnknownEffect(RegisterRequest)(request),
      ({ message }) => new Unfit({ message })
    )
    const { endpoint, resource, version } = asked
    if (version !== isVersion) {
      const message = `requested API version "${version}" is not supported by kubelet. Supported version is ["${isVersion}"]`
      return yield* new Unfit({ message })
    }
    if (!isExtended(resource)) return yield* new Unfit({ message: `the ResourceName "${resource}" is invalid` })
    // Beside this server, and nowhere else.
    if (basename(endpoint) !== endpoint)
      return yield* new Unfit({ message: `the endpoint "${endpoint}" is no name of a socket` })
    return asked
  })

/** Whether there is another kubelet of this machine. */
export const isServed = (directory: string) => isLive(join(directory, "kubelet.sock"))

/** Until the scope closes. */
export const serve = Effect.fnUntraced(function* (options: Options) {
  const { directory } = options
  const socket = join(directory, "kubelet.sock")
  yield* Effect.mapError(MadeFolder.made(directory), ({ message }) => new NotServed({ socket, reason: message }))
  yield* emptied(directory)
  const takeIn = yield* takingIn(options)
  const run = yield* FiberSet.makeRuntime<never>()
  const server = new grpc.Server()
  server.addService(
    { register },
    {
      register: ({ request }: { readonly request: unknown }, answer: grpc.sendUnaryData<object>) => {
        const done = checked(request).pipe(
          Effect.flatMap(({ endpoint, resource }) => takeIn(resource, join(directory, endpoint))),
          Effect.tapError((error) => Effect.logWarning("a device plugin was not taken in", error)),
          Effect.match({
            onSuccess: () => answer(null, {}),
            onFailure: (error) =>
              answer({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) })
          })
        )
        run(done)
      }
    }
  )
  const listening = Effect.callback<void, NotServed>((resume) =>
    server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
      resume(error === null ? Effect.void : Effect.fail(new NotServed({ socket, reason: error.message })))
    )
  )
  yield* Effect.acquireRelease(listening, () =>
    Effect.sync(() => {
      server.forceShutdown()
      rmSync(socket, { force: true })
    })
  )
  yield* Effect.sync(() => chmodSync(socket, 0o660))
})
