/**
 * Commands over SPDY: a stream each for stdin, stdout, stderr, the terminal's size, and how it ended. Source: upstream's
 * `remotecommand`, version 4 of its protocol.
 */
import { Effect, Option, Queue, Schema, Stream } from "effect"
import type { Duplex } from "node:stream"
import type { Exec } from "../contracts/Exec.ts"
import * as Channels from "./Channels.ts"
import * as Spdy from "./Spdy.ts"

export const protocols = ["v4.channel.k8s.io"]

/** What the client has asked for, and opens a stream for. */
export interface Wanted {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

type Streams = { readonly [type: string]: Spdy.SpdyStream | undefined }

const namesOf = ({ stderr, stdin, stdout, tty }: Wanted) => [
  "error",
  ...(stdin ? ["stdin"] : []),
  ...(stdout ? ["stdout"] : []),
  ...(stderr && !tty ? ["stderr"] : []),
  ...(tty ? ["resize"] : [])
]

/** The process is not told anything before the client can hear it. */
const opened = (session: Spdy.Session, wanted: Wanted) =>
  Effect.callback<Streams>((resume) => {
    const names = namesOf(wanted)
    const streams: Record<string, Spdy.SpdyStream> = {}
    session.streams((stream) => {
      streams[stream.headers["streamtype"] ?? ""] = stream
      if (names.every((name) => name in streams)) resume(Effect.succeed(streams))
    })
    session.closed(() => resume(Effect.succeed({})))
  }).pipe(Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.succeed<Streams>({}) }))

const write = (stream: Spdy.SpdyStream | undefined, bytes: Uint8Array) =>
  Effect.callback<void>((resume) => {
    if (stream === undefined) return resume(Effect.void)
    stream.write(bytes, () => resume(Effect.void))
  })

type Input = Parameters<Exec["Service"]["input"]>[0]["input"]
type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>

const sizes = (bytes: Buffer): ReadonlyArray<Input> =>
  bytes
    .toString()
    .split("\n")
    .flatMap((line) => Option.toArray(Schema.decodeOption(Channels.Size)(line)))
    .map(({ Height, Width }) => ({ _tag: "Size", rows: Height, columns: Width }))

const inputs = ({ resize, stdin }: Streams, session: Spdy.Session) =>
  Stream.callback<Input>((queue) =>
    Effect.sync(() => {
      stdin?.listen((bytes) => Queue.offerUnsafe(queue, bytes === undefined ? { _tag: "End" } : { _tag: "Stdin", bytes }))
      resize?.listen((bytes) => bytes && sizes(bytes).forEach((size) => Queue.offerUnsafe(queue, size)))
      session.closed(() => Queue.endUnsafe(queue))
    })
  )

/** Joins a connection and a process until either ends. */
export const join = Effect.fn("SpdyCommands.join")(function* (
  socket: Duplex,
  head: Buffer,
  wanted: Wanted,
  exec: Exec["Service"],
  process: string
) {
  const session = Spdy.serve(socket, head)
  const streams = yield* opened(session, wanted)
  const tell = (output: Output) => {
    if (output._tag === "Stdout") return write(streams["stdout"], output.bytes)
    if (output._tag === "Stderr") return write(streams["stderr"], output.bytes)
    return write(streams["error"], Buffer.from(JSON.stringify(Channels.statusOf(output))))
  }
  const reading = Stream.runForEach(inputs(streams, session), (input) => exec.input({ process, input }))
  const writing = exec.output({ process }).pipe(
    Stream.runForEach(tell),
    Effect.catch((failure) => tell({ _tag: "Failed", message: failure._tag }))
  )
  yield* Effect.raceFirst(writing, Effect.ignore(reading))
  for (const stream of Object.values(streams)) stream?.end()
  session.close()
})
