/** What containers have said, out of the files that a CRI runtime writes. */
import { Effect, Layer, Stream } from "effect"
import { ContainerMissing } from "../../plugins/kubelet/contracts/Exec.ts"
import { Logs } from "../../plugins/kubelet/contracts/Logs.ts"
import { Cri, NOT_FOUND } from "./Cri.ts"
import { unavailable } from "./CriRuntime.ts"
import * as LogFile from "./LogFile.ts"
import * as Replies from "./Replies.ts"

const lost = unavailable(Logs.key)

export const layer = Layer.effect(
  Logs,
  Effect.map(Cri, (cri) => {
    const status = (id: string) =>
      cri.call("ContainerStatus", Replies.ContainerStatus, { container_id: id }).pipe(
        Effect.map((reply) => reply.status),
        Effect.mapError((failure) => (failure.code === NOT_FOUND ? new ContainerMissing({ id }) : lost(failure)))
      )
    const hasEnded = (id: string) =>
      status(id).pipe(
        Effect.map(({ state }) => state === "CONTAINER_EXITED"),
        Effect.catchTag("ContainerMissing", () => Effect.succeed(true))
      )

    return Logs.of({
      read: ({ id, ...how }) =>
        Stream.unwrap(Effect.map(status(id), ({ log_path }) => LogFile.read(log_path, how, hasEnded(id))))
    })
  })
)
