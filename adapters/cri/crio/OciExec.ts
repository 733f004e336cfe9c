/** Commands with input, by the program that made the container, as CRI-O itself runs them. A terminal is CRI-O's to give. */
import { Effect, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { ContainerMissing, Exec } from "../../../plugins/kubelet/contracts/Exec.ts"
import * as Program from "../../Program.ts"
import * as PipedExec from "../PipedExec.ts"
import * as Shown from "./Shown.ts"

const { Record, String: Text, Struct, Unknown } = Schema
const State = Schema.fromJsonString(Struct({ bundle: Text }))
const Bundle = Schema.fromJsonString(Struct({ process: Record(Text, Unknown) }))
const Said = Schema.fromJsonString(Struct({ msg: Text }))

const lost = (cause: unknown) => new Unavailable({ contract: Exec.key, applied: "unknown", cause })

const files = (folder: string) => ({
  process: join(folder, "process.json"),
  pid: join(folder, "pid"),
  log: join(folder, "log")
})
const pidOf = (folder: string) => {
  const { pid } = files(folder)
  return existsSync(pid) && statSync(pid).size > 0 ? Number(readFileSync(pid, "utf8")) : undefined
}

/** The last of what the program has to say of its failure. */
const complaint = (folder: string) => {
  const { log } = files(folder)
  const line = existsSync(log) ? (readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "") : ""
  const said = Schema.decodeUnknownOption(Said)(line)
  return said._tag === "Some" ? said.value.msg : line || "the command did not start"
}

interface Child {
  readonly process: ChildProcess
  readonly exit: Promise<number>
}

/** The other ends are ours: who writes to a full pipe has to wait, hence no O_NONBLOCK. */
const run = (program: string, args: ReadonlyArray<string>, { stderr, stdin, stdout }: PipedExec.Pipes): Child => {
  const out = openSync(stdout, "w")
  const err = stderr === undefined ? out : openSync(stderr, "w")
  const input = stdin === undefined ? undefined : openSync(stdin, "r")
  const child = spawn(program, [...args], { stdio: [input ?? "ignore", out, err], detached: true, cwd: "/" })
  for (const fd of new Set([out, err, input])) if (fd !== undefined) closeSync(fd)
  const exit = new Promise<number>((resolve) => {
    child.on("error", () => resolve(127))
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  return { process: child, exit }
}

const make = (socket: string): PipedExec.Processes => {
  const children = new Map<string, Child>()

  /** By whom the container was made: its state lies in the folder of that program. */
  const handlerOf = Effect.fnUntraced(function* (container: string) {
    const { handlers } = yield* Effect.mapError(Shown.read(socket), lost)
    const found = handlers.find(({ state }) => existsSync(join(state, container)))
    return found ?? (yield* new ContainerMissing({ id: container }))
  })

  /** As the container's first process runs: its user, environment and folder. */
  const processOf = Effect.fnUntraced(function* (program: string, state: string, container: string) {
    const { bundle } = yield* Schema.decodeUnknownEffect(State)(
      yield* Program.run(program, ["--root", state, "state", container])
    )
    const text = yield* Effect.try(() => readFileSync(join(bundle, "config.json"), "utf8"))
    return (yield* Schema.decodeUnknownEffect(Bundle)(text)).process
  })

  return {
    terminals: false,
    start: Effect.fn("OciExec.start")(function* ({ container, folder, name }, { command }, pipes) {
      const { program, state } = yield* handlerOf(container)
      const first = yield* Effect.mapError(processOf(program, state, container), lost)
      const { log, pid, process } = files(folder)
      const given = ["--log", log, "--log-format", "json", "--root", state, "exec", "--pid-file", pid, "--process", process]
      const child = yield* Effect.try({
        try: () => {
          writeFileSync(process, JSON.stringify({ ...first, args: command, terminal: false }), { mode: 0o600 })
          return run(program, [...given, container], pipes)
        },
        catch: lost
      })
      children.set(name, child)
      let ended = false
      void child.exit.then(() => (ended = true))
      while (!ended && pidOf(folder) === undefined) yield* Effect.sleep("3 millis")
      if (pidOf(folder) !== undefined) return
      children.delete(name)
      const detail = complaint(folder)
      if (/does not exist|stopped container|is not running/.test(detail))
        return yield* new ContainerMissing({ id: container })
      return yield* new PipedExec.NotStarted({ detail })
    }),
    wait: ({ name }) => Effect.promise(async () => (await children.get(name)?.exit) ?? 0),
    closeStdin: () => Effect.void,
    resize: () => Effect.void,
    // What has ended in the meantime cannot be signalled, which is as well.
    remove: ({ folder, name }) =>
      Effect.try(() => {
        const child = children.get(name)
        children.delete(name)
        if (child === undefined || child.process.exitCode !== null || child.process.signalCode !== null) return
        const pid = pidOf(folder)
        if (pid !== undefined) process.kill(pid, "SIGKILL")
        child.process.kill("SIGTERM")
      })
  }
}

/** Around an `Exec` through the CRI. */
export const layer = (directory: string, socket: string) => PipedExec.layer(directory, make(socket))
