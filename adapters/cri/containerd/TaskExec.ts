/** Commands with input, by containerd's own API. */
import { Effect, Layer, type Schema } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { ContainerMissing, Exec } from "../../../plugins/kubelet/contracts/Exec.ts"
import { Cri, type CriFailed } from "../Cri.ts"
import * as PipedExec from "../PipedExec.ts"
import { isMissing } from "../Statuses.ts"
import * as Tasks from "./Tasks.ts"

const KILL = 9

const refused = (id: string) => (failure: CriFailed | Schema.SchemaError) => {
  if (failure._tag === "SchemaError") return new Unavailable({ contract: Exec.key, applied: "unknown", cause: failure })
  return isMissing(failure) && !/exec/.test(failure.detail)
    ? new ContainerMissing({ id })
    : new PipedExec.NotStarted({ detail: failure.detail })
}

const processes = (cri: Cri["Service"]): PipedExec.Processes => {
  const tasks = Tasks.make(cri)
  const idOf = ({ container, name }: PipedExec.Id) => ({ container_id: container, exec_id: name })
  return {
    terminals: true,
    start: (id, { command, tty }, pipes) =>
      Effect.mapError(
        Effect.andThen(tasks.prepare(idOf(id), command, tty, pipes), tasks.start(idOf(id))),
        refused(id.container)
      ),
    wait: (id) => tasks.wait(idOf(id)),
    closeStdin: (id) => tasks.closeStdin(idOf(id)),
    resize: (id, columns, rows) => tasks.resize(idOf(id), columns, rows),
    remove: (id) => Effect.andThen(Effect.ignore(tasks.kill(idOf(id), KILL)), tasks.remove(idOf(id)))
  }
}

/** Around an `Exec` through the CRI. */
export const layer = (directory: string) =>
  Layer.unwrap(Effect.map(Cri, (cri) => PipedExec.layer(directory, processes(cri))))
