/** A device plugin of upstream's kind behind the contract `NodeDevices`: a program at a socket, asked over gRPC. */
import { Effect, Layer, Stream } from "effect"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { DevicesRefused, NodeDevices } from "../../plugins/kubelet/contracts/NodeDevices.ts"
import * as Calls from "./Calls.ts"

/** gRPC's: it is not there; what was asked is not known there. */
const unavailable = 14

const refused = (error: Calls.CallFailed) =>
  error.code === unavailable
    ? new Unavailable({ contract: NodeDevices.key, applied: "unknown", cause: error })
    : new DevicesRefused({ message: error.message })
const away = (error: Calls.CallFailed) => new Unavailable({ contract: NodeDevices.key, applied: "unknown", cause: error })

const first = <A>(all: ReadonlyArray<A>, what: string) =>
  all[0] === undefined
    ? Effect.fail(new DevicesRefused({ message: `no containers return in ${what} response` }))
    : Effect.succeed(all[0])

/** It is asked once what it wants: it has to be there. */
export const make = Effect.fnUntraced(function* (resource: string, socket: string) {
  const { call, devices } = yield* Calls.connect(socket)
  const { preStart, prefers } = yield* call("options", {})
  return NodeDevices.of({
    describe: () => Effect.succeed({ resource, prefers, preStart }),
    devices: () =>
      devices.pipe(
        Stream.map(({ devices }) =>
          devices.map(({ health, id, topology }) => {
            const numaNodes = topology?.nodes.map((node) => node.id) ?? []
            return { id, healthy: health === "Healthy", ...(numaNodes.length > 0 && { numaNodes }) }
          })
        ),
        Stream.mapError(away)
      ),
    allocate: ({ devices }) =>
      call("allocate", { requests: [{ ids: devices }] }).pipe(
        Effect.mapError(refused),
        Effect.flatMap(({ responses }) => first(responses, "allocation")),
        Effect.map((given) => ({ ...given, cdiDevices: given.cdiDevices.map(({ name }) => name) }))
      ),
    prefer: ({ available, mustInclude, size }) =>
      call("prefer", { requests: [{ available, mustInclude, size }] }).pipe(
        Effect.mapError(refused),
        Effect.map(({ responses }) => responses[0]?.ids ?? [])
      ),
    preStart: ({ devices }) => Effect.mapError(Effect.asVoid(call("preStart", { ids: devices })), refused)
  })
})

export const layer = (resource: string, socket: string) => Layer.effect(NodeDevices, make(resource, socket))
