/**
 * Commands in containers through the CRI: ExecSync, and for those with input the runtime's streaming address, spoken to in
 * Kubernetes' channels over WebSocket (1 stdout, 2 stderr, 3 how it ended, 0 stdin, 4 size, 255 closes a channel in version 5).
 */
import { Cause, Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import WebSocket from "ws"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { CommandFailed, CommandTimeout, ContainerMissing, Exec } from "../../plugins/kubelet/contracts/Exec.ts"
import { Cri, type CriFailed, DEADLINE_EXCEEDED, NOT_FOUND } from "./Cri.ts"
import { unavailable } from "./CriRuntime.ts"
import * as Replies from "./Replies.ts"

type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>

const lost = unavailable(Exec.key)
/** A container that is not running is as good as none for who wants to run a command in it. */
const isMissing = ({ code, detail }: CriFailed) => code === NOT_FOUND || /is in CONTAINER_EXITED state/.test(detail)

/** CRI-O answers so where others fail: no process ends with -1. */
const isTimeout = ({ exit_code, stderr }: typeof Replies.ExecSync.Type) =>
  exit_code === -1 && /command timed out$/.test(Buffer.from(stderr).toString().trimEnd())

const Ended = Schema.fromJsonString(
  Schema.Struct({
    status: Schema.String,
    message: Schema.optionalKey(Schema.String),
    reason: Schema.optionalKey(Schema.String),
    details: Schema.optionalKey(
      Schema.Struct({
        causes: Schema.optionalKey(
          Schema.Array(
            Schema.Struct({ reason: Schema.optionalKey(Schema.String), message: Schema.optionalKey(Schema.String) })
          )
        )
      })
    )
  })
)

const ended = (text: string): Output => {
  const status = Option.getOrUndefined(Schema.decodeOption(Ended)(text))
  if (status === undefined) return { _tag: "Failed", message: text }
  if (status.status === "Success") return { _tag: "Exited", code: 0 }
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message
  return code === undefined ? { _tag: "Failed", message: status.message ?? "" } : { _tag: "Exited", code: Number(code) }
}

interface Process {
  readonly socket: WebSocket
  readonly output: Queue.Queue<Output, Unavailable | Cause.Done>
}

const connect = Effect.fnUntraced(function* (url: string) {
  const output = yield* Queue.make<Output, Unavailable | Cause.Done>()
  return yield* Effect.callback<Process, Unavailable>((resume) => {
    const broken = (cause: unknown) => new Unavailable({ contract: Exec.key, applied: "unknown", cause })
    const socket = new WebSocket(url.replace(/^http/, "ws"), ["v5.channel.k8s.io", "v4.channel.k8s.io"], {
      perMessageDeflate: false
    })
    socket.on("message", (data: Buffer) => {
      const bytes = data.subarray(1)
      if (data[0] === 1 && bytes.length > 0) Queue.offerUnsafe(output, { _tag: "Stdout", bytes })
      if (data[0] === 2 && bytes.length > 0) Queue.offerUnsafe(output, { _tag: "Stderr", bytes })
      if (data[0] === 3 && bytes.length > 0) Queue.offerUnsafe(output, ended(bytes.toString()))
    })
    socket.on("open", () => resume(Effect.succeed({ socket, output })))
    socket.on("close", () => Queue.endUnsafe(output))
    socket.on("error", (cause) => {
      resume(Effect.fail(broken(cause)))
      Queue.failCauseUnsafe(output, Cause.fail(broken(cause)))
    })
  })
})

export const layer = Layer.effect(
  Exec,
  Effect.gen(function* () {
    const cri = yield* Cri
    const processes = new Map<string, Process>()
    let last = 0
    yield* Effect.addFinalizer(() => Effect.sync(() => processes.forEach(({ socket }) => socket.terminate())))

    const begin = Effect.fnUntraced(function* (
      method: string,
      request: { readonly container_id: string; readonly cmd?: ReadonlyArray<string> }
    ) {
      const { url } = yield* cri
        .call(method, Replies.Url, request)
        .pipe(
          Effect.mapError((failure) =>
            isMissing(failure) ? new ContainerMissing({ id: request.container_id }) : lost(failure)
          )
        )
      const process = `${++last}`
      processes.set(process, yield* connect(url))
      return process
    })
    const streams = ({ stdin, tty }: { readonly stdin: boolean; readonly tty: boolean }) => ({
      tty,
      stdin,
      stdout: true,
      stderr: !tty
    })

    return Exec.of({
      run: ({ command, id, timeoutSeconds }) =>
        cri
          .call(
            "ExecSync",
            Replies.ExecSync,
            { container_id: id, cmd: command, timeout: timeoutSeconds },
            `${timeoutSeconds + 30} seconds`
          )
          .pipe(
            Effect.mapError((failure) => {
              if (failure.code === DEADLINE_EXCEEDED) return new CommandTimeout({ seconds: timeoutSeconds })
              return isMissing(failure) ? new ContainerMissing({ id }) : new CommandFailed({ message: failure.detail })
            }),
            Effect.filterOrFail(
              (reply) => !isTimeout(reply),
              () => new CommandTimeout({ seconds: timeoutSeconds })
            ),
            Effect.map(({ exit_code, stderr, stdout }) => ({ stdout, stderr, exitCode: exit_code }))
          ),
      start: ({ command, id, ...how }) => begin("Exec", { container_id: id, cmd: command, ...streams(how) }),
      attach: ({ id, ...how }) => begin("Attach", { container_id: id, ...streams(how) }),
      input: ({ input, process }) =>
        Effect.sync(() => {
          const socket = processes.get(process)?.socket
          if (socket === undefined) return
          if (input._tag === "Stdin") socket.send(Buffer.concat([Buffer.of(0), input.bytes]))
          if (input._tag === "Size") {
            socket.send(
              Buffer.concat([Buffer.of(4), Buffer.from(JSON.stringify({ Width: input.columns, Height: input.rows }))])
            )
          }
          if (input._tag === "End" && socket.protocol === "v5.channel.k8s.io") socket.send(Buffer.of(255, 0))
        }),
      output: ({ process }) =>
        Stream.suspend(() => {
          const found = processes.get(process)
          if (found === undefined) return Stream.empty
          return Stream.fromQueue(found.output).pipe(
            Stream.takeUntil(({ _tag }) => _tag === "Exited" || _tag === "Failed"),
            Stream.ensuring(
              Effect.sync(() => {
                processes.delete(process)
                found.socket.terminate()
              })
            )
          )
        })
    })
  })
)
