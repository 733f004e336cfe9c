/**
 * Commands with input, by containerd's own API over named pipes. Through the CRI's streaming address the end of stdin does not arrive
 * before version 5 of its protocol, and a command outlives who asked for it: here both are as they should be.
 */
import { type Cause, Effect, Layer, Queue, Stream } from "effect"
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { Socket } from "node:net"
import { join } from "node:path"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { ContainerMissing, Exec } from "../../../plugins/kubelet/contracts/Exec.ts"
import * as Program from "../../Program.ts"
import { Cri } from "../Cri.ts"
import { isMissing } from "../Statuses.ts"
import * as Tasks from "./Tasks.ts"

type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>

interface Process {
  readonly id: Tasks.Id
  readonly output: Queue.Queue<Output, Cause.Done>
  readonly stdin: Socket | undefined
  readonly end: Effect.Effect<void>
  /** Lets the process say more. */
  readonly resume: () => void
}

const KILL = 9
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
const make = Effect.fnUntraced(function* (directory: string) {
  yield* Effect.sync(() => mkdirSync(directory, { recursive: true, mode: 0o700 }))
  const cri = yield* Cri
  const through = yield* Exec
  const tasks = Tasks.make(cri)
  const processes = new Map<string, Process>()
  yield* Effect.addFinalizer(() => Effect.forEach(processes.values(), ({ end }) => end, { discard: true }))

  const start = Effect.fn("TaskExec.start")(function* (asked: Parameters<Exec["Service"]["start"]>[0]) {
    const folder = yield* Effect.sync(() => mkdtempSync(join(directory, "exec-")))
    const name = folder.split("/").at(-1) ?? ""
    const id = { container_id: asked.id, exec_id: name }
    const names = ["stdout", ...(asked.tty ? [] : ["stderr"]), ...(asked.stdin ? ["stdin"] : [])]
    const path = (of: string) => join(folder, of)
    const has = (of: string) => names.includes(of)
    const pipes = {
      stdout: path("stdout"),
      ...(has("stderr") && { stderr: path("stderr") }),
      ...(has("stdin") && { stdin: path("stdin") })
    }
    const removeFolder = Effect.sync(() => rmSync(folder, { recursive: true, force: true }))

    return yield* Effect.gen(function* () {
      yield* Program.run("mkfifo", names.map(path))
      const out = openPipe(pipes.stdout, O_RDONLY)
      const err = pipes.stderr === undefined ? undefined : openPipe(pipes.stderr, O_RDONLY)
      const input = pipes.stdin === undefined ? undefined : openPipe(pipes.stdin, O_WRONLY)
      const opened = [out, err, input].filter((pipe) => pipe !== undefined)
      const release = Effect.sync(() => opened.forEach(({ fd }) => closeSync(fd)))
      yield* Effect.andThen(tasks.prepare(id, asked.command, asked.tty, pipes), tasks.start(id)).pipe(
        Effect.tapError(() => release),
        Effect.ensuring(Effect.sync(() => opened.forEach(({ keeper }) => closeSync(keeper))))
      )
      const output = yield* Queue.make<Output, Cause.Done>()
      const stdin = input && new Socket({ fd: input.fd, readable: false, writable: true })
      // Who does not read its input any more has ended, or will.
      stdin?.on("error", () => undefined)
      const said = [reader(out.fd, output, "Stdout"), ...(err === undefined ? [] : [reader(err.fd, output, "Stderr")])]
      const finish = Effect.gen(function* () {
        const code = yield* tasks.wait(id)
        yield* Effect.promise(() => Promise.all(said.map(({ ended }) => ended)))
        yield* Queue.offer(output, { _tag: "Exited", code })
      })
      yield* Effect.forkDetach(
        Effect.catch(finish, ({ message }) => Queue.offer(output, { _tag: "Failed", message: `${message}` }))
      )
      const end = Effect.gen(function* () {
        stdin?.destroy()
        said.forEach(({ socket }) => socket.destroy())
        yield* Effect.ignore(tasks.kill(id, KILL))
        yield* Effect.ignore(tasks.remove(id))
        yield* removeFolder
      })
      const resume = () => said.forEach(({ socket }) => socket.resume())
      processes.set(name, { id, output, stdin, end, resume })
      return name
    }).pipe(
      Effect.tapError(() => removeFolder),
      Effect.catchTags({
        CriFailed: (failure) =>
          isMissing(failure) && !/exec/.test(failure.detail)
            ? Effect.fail(new ContainerMissing({ id: asked.id }))
            : refused(processes, name, failure.detail),
        ProgramFailed: (failure) => Effect.fail(lost(failure)),
        SchemaError: (failure) => Effect.fail(lost(failure))
      })
    )
  })

  return Exec.of({
    ...through,
    start,
    input: (payload) => {
      const found = processes.get(payload.process)
      if (found === undefined) return through.input(payload)
      const { input } = payload
      if (input._tag === "Size") return Effect.ignore(tasks.resize(found.id, input.columns, input.rows))
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
      return Effect.andThen(closed, Effect.ignore(tasks.closeStdin(found.id)))
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
const refused = Effect.fnUntraced(function* (processes: Map<string, Process>, name: string, message: string) {
  const output = yield* Queue.make<Output, Cause.Done>()
  yield* Queue.offer(output, { _tag: "Failed", message })
  processes.set(name, {
    id: { container_id: "", exec_id: "" },
    output,
    stdin: undefined,
    end: Effect.void,
    resume: () => undefined
  })
  return name
})

export const layer = (directory: string) => Layer.effect(Exec, make(directory))
