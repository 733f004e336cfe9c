/**
 * Commands in containers over named pipes. Through the CRI's streaming address the end of stdin does not arrive before version 5 of
 * its protocol, and a command outlives who asked for it: here both are as they should be. How a process is started and ended is the
 * runtime's.
 */
import { type Cause, Effect, Layer, Queue, Schema, Stream } from "effect"
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { Socket } from "node:net"
import { join } from "node:path"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { type ContainerMissing, Exec } from "../../plugins/kubelet/contracts/Exec.ts"
import * as Program from "../Program.ts"

type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>

/** The command is not there, or may not be executed. */
export class NotStarted extends Schema.TaggedError<NotStarted>()("NotStarted", { detail: Schema.String }) {}

/** A process beside a container's first one. `folder` is for what it needs until it ends. */
export interface Id {
  readonly container: string
  readonly name: string
  readonly folder: string
}
/** Paths of named pipes; without terminal each stream has one. */
export interface Pipes {
  readonly stdin?: string
  readonly stdout: string
  readonly stderr?: string
}
export interface Asked {
  readonly command: ReadonlyArray<string>
  readonly tty: boolean
}

export interface Processes {
  /** Whether they may have a terminal; if not, those go through the CRI. */
  readonly terminals: boolean
  readonly start: (id: Id, asked: Asked, pipes: Pipes) => Effect.Effect<void, ContainerMissing | NotStarted | Unavailable>
  /** Its exit code, when it has one. */
  readonly wait: (id: Id) => Effect.Effect<number, { readonly message: string }>
  readonly closeStdin: (id: Id) => Effect.Effect<void, unknown>
  readonly resize: (id: Id, columns: number, rows: number) => Effect.Effect<void, unknown>
  /** Ends it, if it has not ended, and lets go of it. */
  readonly remove: (id: Id) => Effect.Effect<void, unknown>
}

interface Process {
  readonly id: Id
  readonly output: Queue.Queue<Output, Cause.Done>
  readonly stdin: Socket | undefined
  readonly end: Effect.Effect<void>
  /** Lets the process say more. */
  readonly resume: () => void
}

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** Both ends are opened by one who holds the other, so that neither open waits and no read ends too soon. */
const openPipe = (path: string, flags: number) => {
  const keeper = openSync(path, O_RDWR | O_NONBLOCK)
  return { keeper, fd: openSync(path, flags | O_NONBLOCK) }
}

/** Outputs that wait to be read before the process is made to wait, and when it may go on. */
const limits = { high: 256, low: 64 }

const reader = (fd: number, output: Queue.Queue<Output, Cause.Done>, tag: "Stdout" | "Stderr") => {
  const socket = new Socket({ fd, readable: true, writable: false })
  const ended = new Promise<void>((resolve) => {
    socket.on("data", (bytes: Buffer) => {
      Queue.offerUnsafe(output, { _tag: tag, bytes })
      if (Queue.sizeUnsafe(output) > limits.high) socket.pause()
    })
    socket.on("error", () => resolve())
    socket.on("close", () => resolve())
  })
  return { socket, ended }
}

const lost = (cause: unknown) => new Unavailable({ contract: Exec.key, applied: "unknown", cause })

/** Wraps the CRI's `Exec`: running to the end and attaching stay with it. */
const make = Effect.fnUntraced(function* (directory: string, commands: Processes) {
  yield* Effect.sync(() => mkdirSync(directory, { recursive: true, mode: 0o700 }))
  const through = yield* Exec
  const processes = new Map<string, Process>()
  yield* Effect.addFinalizer(() => Effect.forEach(processes.values(), ({ end }) => end, { discard: true }))

  /** Begins to read what it says; `finish` comes when it has ended and all was read. */
  const follow = Effect.fnUntraced(function* (id: Id, opened: { out: number; err?: number; input?: number }) {
    const output = yield* Queue.make<Output, Cause.Done>()
    const stdin = opened.input === undefined ? undefined : new Socket({ fd: opened.input, readable: false, writable: true })
    // Who does not read its input any more has ended, or will.
    stdin?.on("error", () => undefined)
    const said = [
      reader(opened.out, output, "Stdout"),
      ...(opened.err === undefined ? [] : [reader(opened.err, output, "Stderr")])
    ]
    const finish = Effect.gen(function* () {
      const code = yield* commands.wait(id)
      yield* Effect.promise(() => Promise.all(said.map(({ ended }) => ended)))
      yield* Queue.offer(output, { _tag: "Exited", code })
    })
    yield* Effect.forkDetach(
      Effect.catch(finish, ({ message }) => Queue.offer(output, { _tag: "Failed", message: `${message}` }))
    )
    const end = Effect.gen(function* () {
      stdin?.destroy()
      said.forEach(({ socket }) => socket.destroy())
      yield* Effect.ignore(commands.remove(id))
      yield* Effect.sync(() => rmSync(id.folder, { recursive: true, force: true }))
    })
    processes.set(id.name, { id, output, stdin, end, resume: () => said.forEach(({ socket }) => socket.resume()) })
  })

  const start = Effect.fn("PipedExec.start")(function* (asked: Parameters<Exec["Service"]["start"]>[0]) {
    if (asked.tty && !commands.terminals) return yield* through.start(asked)
    const folder = yield* Effect.sync(() => mkdtempSync(join(directory, "exec-")))
    const name = folder.split("/").at(-1) ?? ""
    const id = { container: asked.id, name, folder }
    const pipes = {
      stdout: join(folder, "stdout"),
      ...(!asked.tty && { stderr: join(folder, "stderr") }),
      ...(asked.stdin && { stdin: join(folder, "stdin") })
    }
    return yield* Effect.gen(function* () {
      yield* Effect.mapError(Program.run("mkfifo", Object.values(pipes)), lost)
      const out = openPipe(pipes.stdout, O_RDONLY)
      const err = pipes.stderr === undefined ? undefined : openPipe(pipes.stderr, O_RDONLY)
      const input = pipes.stdin === undefined ? undefined : openPipe(pipes.stdin, O_WRONLY)
      const opened = [out, err, input].filter((pipe) => pipe !== undefined)
      const release = Effect.sync(() => opened.forEach(({ fd }) => closeSync(fd)))
      yield* commands.start(id, asked, pipes).pipe(
        Effect.onError(() => release),
        Effect.ensuring(Effect.sync(() => opened.forEach(({ keeper }) => closeSync(keeper))))
      )
      yield* follow(id, { out: out.fd, ...(err && { err: err.fd }), ...(input && { input: input.fd }) })
      return name
    }).pipe(
      Effect.onError(() => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))),
      Effect.catchTag("NotStarted", ({ detail }) => refused(processes, id, detail))
    )
  })

  return Exec.of({
    ...through,
    start,
    input: (payload) => {
      const found = processes.get(payload.process)
      if (found === undefined) return through.input(payload)
      const { input } = payload
      if (input._tag === "Size") return Effect.ignore(commands.resize(found.id, input.columns, input.rows))
      if (input._tag === "Stdin") {
        return Effect.callback<void>((resume) => {
          if (found.stdin === undefined || found.stdin.destroyed) return resume(Effect.void)
          found.stdin.write(input.bytes, () => resume(Effect.void))
        })
      }
      const closed = Effect.callback<void>((resume) => {
        if (found.stdin === undefined) return resume(Effect.void)
        found.stdin.end(() => resume(Effect.void))
      })
      return Effect.andThen(closed, Effect.ignore(commands.closeStdin(found.id)))
    },
    output: (payload) =>
      Stream.suspend(() => {
        const found = processes.get(payload.process)
        if (found === undefined) return through.output(payload)
        const goOn = Effect.sync(() => {
          if (Queue.sizeUnsafe(found.output) < limits.low) found.resume()
        })
        return Stream.fromQueue(found.output).pipe(
          Stream.tap(() => goOn),
          Stream.takeUntil(({ _tag }) => _tag === "Exited" || _tag === "Failed"),
          Stream.ensuring(
            Effect.andThen(
              Effect.sync(() => processes.delete(payload.process)),
              found.end
            )
          )
        )
      })
  })
})

/** A command that could not be started is told as the end of its process, as every client shows it. */
const refused = Effect.fnUntraced(function* (processes: Map<string, Process>, id: Id, message: string) {
  const output = yield* Queue.make<Output, Cause.Done>()
  yield* Queue.offer(output, { _tag: "Failed", message })
  processes.set(id.name, { id, output, stdin: undefined, end: Effect.void, resume: () => undefined })
  return id.name
})

export const layer = (directory: string, processes: Processes) => Layer.effect(Exec, make(directory, processes))
