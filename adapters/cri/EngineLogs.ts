/** What containers of Podman or Docker have said, out of the files that are written on this machine. */
import { Effect, Layer, Stream } from "effect"
import { ContainerMissing } from "../../plugins/kubelet/contracts/Exec.ts"
import { Logs } from "../../plugins/kubelet/contracts/Logs.ts"
import { Engine, isMissing, unavailable } from "./Engine.ts"
import * as Replies from "./EngineReplies.ts"
import { stateOf } from "./EngineStatuses.ts"
import * as LogFile from "./LogFile.ts"

const lost = unavailable(Logs.key)

export const layer = (format: LogFile.Parse) =>
  Layer.effect(
    Logs,
    Effect.map(Engine, (engine) => {
      const inspect = (id: string) =>
        Effect.mapError(engine.call("GET", `/containers/${id}/json`, Replies.Inspected), (failure) =>
          isMissing(failure) ? new ContainerMissing({ id }) : lost(failure)
        )
      const hasEnded = (id: string) =>
        inspect(id).pipe(
          Effect.map(({ State }) => stateOf(State.Status) === "Exited"),
          Effect.catchTag("ContainerMissing", () => Effect.succeed(true))
        )
      return Logs.of({
        read: ({ id, ...how }) =>
          Stream.unwrap(
            Effect.map(inspect(id), ({ HostConfig, LogPath }) =>
              LogFile.read(LogPath || (HostConfig.LogConfig.Path ?? ""), how, hasEnded(id), format)
            )
          )
      })
    })
  )
