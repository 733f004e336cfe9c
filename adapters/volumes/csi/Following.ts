/** CSI drivers among a node's drivers: those at sockets that the node is told, and those that register with it as with upstream's kubelet. */
import { Effect, FiberMap, Layer, Schedule } from "effect"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import * as Drivers from "../../../plugins/volumes/contracts/Drivers.ts"
import { VolumeRefused } from "../../../plugins/volumes/contracts/Volumes.ts"
import * as Calls from "./Calls.ts"
import * as Csi from "./Csi.ts"

/** The driver may come later, and come again. */
const patiently = Schedule.spaced("1 second")

/** Asks for what it can do, and has it among the drivers as long as the scope is open. */
const offer = Effect.fnUntraced(function* (socket: string, isController: boolean) {
  yield* Drivers.offer(yield* Csi.make(socket), isController)
})

/** The node calls all services of these drivers: no sidecar runs beside them. */
export const given = (sockets: ReadonlyArray<string>) =>
  Layer.effectDiscard(
    Effect.forEach(
      sockets,
      (socket) =>
        offer(socket, true).pipe(
          Effect.andThen(Effect.log(`the CSI driver at ${socket} is there`)),
          Effect.andThen(Effect.never),
          Effect.scoped,
          Effect.tapError(({ message }) => Effect.logDebug(`the CSI driver at ${socket} is not there yet: ${message}`)),
          Effect.retry(patiently),
          Effect.forkScoped
        ),
      { discard: true }
    )
  )

const isUsable = (version: string) => /^v?1(\.|$)/.test(version)

/** Upstream's names: what registers, and what it is told. */
const register = Effect.fnUntraced(function* (socket: string) {
  const call = yield* Calls.make(socket)
  const info = yield* call("GetInfo", {})
  // What is no driver of volumes is somebody else's to take.
  if (info.type !== "CSIPlugin") return yield* Effect.never
  const unspoken = `CSI ${info.supported_versions.join(", ")} is not spoken here: expected 1.x`
  const taken = Effect.gen(function* () {
    if (!info.supported_versions.some(isUsable)) {
      return yield* new VolumeRefused({ code: "FAILED_PRECONDITION", message: unspoken, isFinal: true })
    }
    return yield* offer(info.endpoint === "" ? socket : info.endpoint, false)
  })
  yield* Effect.tapError(taken, ({ message: error }) =>
    call("NotifyRegistrationStatus", { plugin_registered: false, error })
  )
  yield* call("NotifyRegistrationStatus", { plugin_registered: true, error: "" })
  yield* Effect.log(`the CSI driver ${info.name} has registered`)
  return yield* Effect.never
})

const sockets = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isSocket() ? [join(folder, one.name)] : []))
    : []

/** `folder` is a kubelet's `plugins_registry`: a driver is there as long as its registrar's socket is. */
export const registered = (folder: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      yield* Effect.sync(() => mkdirSync(folder, { recursive: true, mode: 0o750 }))
      const all = yield* FiberMap.make<string>()
      const look = Effect.gen(function* () {
        const there = new Set(sockets(folder))
        for (const [socket] of all) if (!there.has(socket)) yield* FiberMap.remove(all, socket)
        for (const socket of there) {
          const following = Effect.scoped(register(socket)).pipe(
            Effect.tapError(({ message }) => Effect.logWarning(`what registers at ${socket} was not taken: ${message}`)),
            Effect.retry(patiently)
          )
          yield* FiberMap.run(all, socket, following, { onlyIfMissing: true })
        }
      })
      yield* Effect.forkScoped(Effect.repeat(look, patiently))
    })
  )
