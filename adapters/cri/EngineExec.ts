/** Commands in containers of Podman or Docker: a process is asked for, and its connection is taken over. */
import { type Cause, Effect, Layer, Queue, Schedule, Stream } from "effect"
import type { Socket } from "node:net"
import { CommandFailed, CommandTimeout, ContainerMissing, Exec } from "../../plugins/kubelet/contracts/Exec.ts"
import { kill } from "./ContainerProcesses.ts"
import { Engine, type EngineFailed, isMissing, unavailable } from "./Engine.ts"
import { frames, raw } from "./EngineFrames.ts"
import * as Replies from "./EngineReplies.ts"
import { stateOf } from "./EngineStatuses.ts"

type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>

interface Process {
  readonly socket: Socket
  readonly output: Queue.Queue<Output, Cause.Done>
  /** Where the size of its terminal is set: below `/exec/` or `/containers/`. */
  readonly path: string
  /** Lets go of it. */
  readonly end: Effect.Effect<void>
}

const lost = unavailable(Exec.key)
/** A container that is not running is as good as none for who wants to run a command in it. */
const missing = (id: string) => (failure: EngineFailed) =>
  isMissing(failure) || failure.status === 409 || /not running|container state improper/.test(failure.detail)
    ? new ContainerMissing({ id })
    : lost(failure)

/** Outputs that wait to be read before the process is made to wait, and when it may go on. */
const limits = { high: 256, low: 64 }

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const processes = new Map<string, Process>()
  let last = 0
  yield* Effect.addFinalizer(() => Effect.forEach([...processes.values()], ({ end }) => end, { discard: true }))

  const inspectExec = (exec: string) => engine.call("GET", `/exec/${exec}/json`, Replies.ExecInspected)

  /** Its connection may end a moment before it does. */
  const settledCode = <E>(code: Effect.Effect<number | undefined, E>) =>
    Effect.repeat(code, { schedule: Schedule.spaced("50 millis"), until: (one) => one !== undefined }).pipe(
      Effect.timeoutOption("10 seconds")
    )

  const execCode = (exec: string) =>
    Effect.map(inspectExec(exec), ({ ExitCode, Running }) => (Running ? undefined : (ExitCode ?? undefined)))
  const containerCode = (id: string) =>
    Effect.map(engine.call("GET", `/containers/${id}/json`, Replies.Inspected), ({ State }) =>
      stateOf(State.Status) === "Exited" ? State.ExitCode : undefined
    )

  /** Reads what comes from a connection into a queue, and in the end how it ended. */
  const follow = Effect.fnUntraced(function* (
    socket: Socket,
    path: string,
    tty: boolean,
    code: Effect.Effect<number | undefined, EngineFailed>,
    end: Effect.Effect<void>
  ) {
    const output = yield* Queue.make<Output, Cause.Done>()
    const parts = tty ? raw : frames()
    const closed = new Promise<void>((resolve) => {
      socket.on("data", (piece: Buffer) => {
        for (const { bytes, stream } of parts(piece)) Queue.offerUnsafe(output, { _tag: stream, bytes })
        if (Queue.sizeUnsafe(output) > limits.high) socket.pause()
      })
      socket.on("end", () => resolve())
      socket.on("error", () => resolve())
      socket.on("close", () => resolve())
    })
    const finish = Effect.promise(() => closed).pipe(
      Effect.andThen(settledCode(code)),
      Effect.flatMap(
        (found): Effect.Effect<Output> =>
          Effect.succeed(
            found._tag === "Some" && found.value !== undefined
              ? { _tag: "Exited", code: found.value }
              : { _tag: "Failed", message: "the connection to the process was lost" }
          )
      ),
      Effect.catch((failure) => Effect.succeed<Output>({ _tag: "Failed", message: failure.detail })),
      Effect.flatMap((one) => Queue.offer(output, one))
    )
    yield* Effect.forkDetach(finish)
    const process = `${++last}`
    processes.set(process, {
      socket,
      output,
      path,
      end: Effect.andThen(
        Effect.sync(() => socket.destroy()),
        end
      )
    })
    return process
  })

  const exec = Effect.fnUntraced(function* (id: string, command: ReadonlyArray<string>, tty: boolean, stdin: boolean) {
    const body = { Cmd: command, Tty: tty, AttachStdin: stdin, AttachStdout: true, AttachStderr: !tty }
    const { Id } = yield* engine.call("POST", `/containers/${id}/exec`, Replies.Created, { body })
    const socket = yield* engine.hijack(`/exec/${Id}/start`, { body: { Detach: false, Tty: tty } })
    // Who does not ask for the process any more does not want it to go on.
    const end = inspectExec(Id).pipe(
      Effect.tap(({ Pid, Running }) => Effect.sync(() => Running && kill(Pid ?? 0, id))),
      Effect.ignore
    )
    return yield* follow(socket, `/exec/${Id}`, tty, execCode(Id), end)
  })

  const outputOf = (process: string) =>
    Stream.suspend(() => {
      const found = processes.get(process)
      if (found === undefined) return Stream.empty
      const goOn = Effect.sync(() => {
        if (Queue.sizeUnsafe(found.output) < limits.low) found.socket.resume()
      })
      return Stream.fromQueue(found.output).pipe(
        Stream.tap(() => goOn),
        Stream.takeUntil(({ _tag }) => _tag === "Exited" || _tag === "Failed"),
        Stream.ensuring(
          Effect.andThen(
            Effect.sync(() => processes.delete(process)),
            found.end
          )
        )
      )
    })

  const run = Effect.fn("engine.exec")(function* (id: string, command: ReadonlyArray<string>, seconds: number) {
    const process = yield* Effect.mapError(exec(id, command, false, false), missing(id))
    const said = yield* Stream.runCollect(outputOf(process)).pipe(
      Effect.timeoutOrElse({
        duration: `${seconds} seconds`,
        orElse: () => Effect.fail(new CommandTimeout({ seconds }))
      })
    )
    const of = (tag: "Stdout" | "Stderr") => Buffer.concat(said.flatMap((one) => (one._tag === tag ? [one.bytes] : [])))
    const end = said.at(-1)
    const [stdout, stderr] = [of("Stdout"), of("Stderr")]
    if (end?._tag !== "Exited") {
      return yield* new CommandFailed({ message: end?._tag === "Failed" ? end.message : "the process said nothing" })
    }
    // A command that cannot be started is said where its output would be, with a shell's codes for that.
    const complaint = `${stderr}${stdout}`
    if ((end.code === 126 || end.code === 127) && /OCI runtime/.test(complaint))
      return yield* new CommandFailed({ message: complaint.trim() })
    return { stdout, stderr, exitCode: end.code }
  })

  const attach = Effect.fnUntraced(function* (id: string, tty: boolean, stdin: boolean) {
    const query = { stream: "true", stdout: "true", stderr: `${!tty}`, stdin: `${stdin}` }
    const socket = yield* engine.hijack(`/containers/${id}/attach`, { query })
    return yield* follow(socket, `/containers/${id}`, tty, containerCode(id), Effect.void)
  })

  const put = (socket: Socket, bytes: Uint8Array) =>
    Effect.callback<void>((resume) => {
      if (socket.destroyed || socket.writableEnded) return resume(Effect.void)
      socket.write(bytes, () => resume(Effect.void))
    })

  return Exec.of({
    run: ({ command, id, timeoutSeconds }) => run(id, command, timeoutSeconds),
    start: ({ command, id, stdin, tty }) => Effect.mapError(exec(id, command, tty, stdin), missing(id)),
    attach: ({ id, stdin, tty }) => Effect.mapError(attach(id, tty, stdin), missing(id)),
    input: ({ input, process }) =>
      Effect.suspend(() => {
        const found = processes.get(process)
        if (found === undefined) return Effect.void
        if (input._tag === "Stdin") return put(found.socket, input.bytes)
        if (input._tag === "End") return Effect.sync(() => void found.socket.end())
        const query = { h: `${input.rows}`, w: `${input.columns}` }
        return Effect.ignore(engine.tell("POST", `${found.path}/resize`, { query }))
      }),
    output: ({ process }) => outputOf(process)
  })
})

export const layer = Layer.effect(Exec, make)
