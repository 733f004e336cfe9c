/** A CSI driver registers with a node as with upstream's kubelet: by a socket in its folder, as node-driver-registrar has it. */
import { assert, describe, it } from "@effect/vitest"
import * as grpc from "@grpc/grpc-js"
import { Effect, Layer, Stream } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import protobuf from "protobufjs"
import * as Following from "../../adapters/volumes/csi/Following.ts"
import * as Drivers from "../../plugins/volumes/contracts/Drivers.ts"
import { left } from "../Left.ts"
import { folder } from "./Folder.ts"
import * as HostPath from "./HostPath.ts"

const text = (id: number) => ({ id, type: "string" })
const types = protobuf.Root.fromJSON({
  nested: {
    InfoRequest: { fields: {} },
    PluginInfo: {
      fields: { type: text(1), name: text(2), endpoint: text(3), versions: { ...text(4), rule: "repeated" } }
    },
    RegistrationStatus: { fields: { registered: { id: 1, type: "bool" }, error: text(2) } },
    Answer: { fields: {} }
  }
})
const method = (path: string, request: string, response: string): grpc.MethodDefinition<object, object> => {
  const codec = (name: string) => ({
    to: (message: object) => Buffer.from(types.lookupType(name).encode(message).finish()),
    from: (bytes: Buffer): object => types.lookupType(name).toObject(types.lookupType(name).decode(bytes))
  })
  const [asked, answered] = [codec(request), codec(response)]
  return {
    path: `/pluginregistration.Registration/${path}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: asked.to,
    requestDeserialize: asked.from,
    responseSerialize: answered.to,
    responseDeserialize: answered.from
  }
}

/** What stands beside a driver: it says what it is, and notes what it is told. */
const registrar = Effect.fnUntraced(function* (socket: string, info: object) {
  const told: Array<unknown> = []
  const server = new grpc.Server()
  server.addService(
    {
      GetInfo: method("GetInfo", "InfoRequest", "PluginInfo"),
      Notify: method("NotifyRegistrationStatus", "RegistrationStatus", "Answer")
    },
    {
      GetInfo: (_: unknown, answer: grpc.sendUnaryData<object>) => answer(null, info),
      Notify: ({ request }: { readonly request: unknown }, answer: grpc.sendUnaryData<object>) => {
        told.push(request)
        answer(null, {})
      }
    }
  )
  const end = Effect.sync(() => server.forceShutdown())
  yield* Effect.acquireRelease(
    Effect.callback<void, Error>((resume) =>
      server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
        resume(error === null ? Effect.void : Effect.fail(error))
      )
    ),
    () => end
  )
  return { told, end }
})

const waitFor = (holds: (names: ReadonlyArray<string>) => boolean) =>
  Effect.flatMap(Drivers.Drivers, ({ changes }) =>
    changes.pipe(
      Stream.takeUntil((all) => holds([...all.keys()])),
      Stream.runDrain,
      Effect.timeout("30 seconds")
    )
  )

describe.skipIf(HostPath.lacks.length > 0)(`registration${left(HostPath.lacks)}`, () => {
  it.live("a driver is there as long as its registrar's socket is, and is told so", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const registry = join(directory, "plugins_registry")
      mkdirSync(registry)
      const endpoint = yield* HostPath.start(directory)
      const info = { type: "CSIPlugin", name: "hostpath.csi.k8s.io", endpoint, versions: ["1.0.0"] }
      yield* Effect.gen(function* () {
        const { end, told } = yield* registrar(join(registry, "hostpath-reg.sock"), info)
        yield* waitFor((names) => names.includes("hostpath.csi.k8s.io"))
        const drivers = yield* Drivers.Drivers
        const found = drivers.get("hostpath.csi.k8s.io")
        assert.deepStrictEqual([found?.isController, found?.about.node.id], [false, "n1"])
        yield* Effect.repeat(Effect.yieldNow, { until: () => told.length > 0 })
        assert.deepStrictEqual(told, [{ registered: true }])
        yield* end
        yield* waitFor((names) => names.length === 0)
      }).pipe(Effect.provide(Layer.provideMerge(Following.registered(registry), Drivers.layer)))
    })
  )
})
