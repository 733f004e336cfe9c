/**
 * Kubernetes' channels over one WebSocket: each message begins with the number of its channel. 0 stdin, 1 stdout, 2 stderr, 3 how
 * it ended, 4 the terminal's size; 255 (version 5) ends the channel that its next byte names. Source: upstream's wsstream.
 */
import { Effect, Option, Queue, Schema, Stream } from "effect"
import type { RawData, WebSocket } from "ws"
import type { Exec } from "../contracts/Exec.ts"

/** Best first. */
export const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"]

export const Size = Schema.fromJsonString(Schema.Struct({ Width: Schema.Int, Height: Schema.Int }))

type Output = Stream.Success<ReturnType<Exec["Service"]["output"]>>

/** How a command ended, as a Status: since version 4 with its exit code as a cause. */
export const statusOf = (output: Output) => {
  if (output._tag === "Exited" && output.code !== 0) {
    return {
      metadata: {},
      status: "Failure",
      message: `command terminated with non-zero exit code: exit status ${output.code}`,
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: `${output.code}` }] }
    }
  }
  if (output._tag === "Failed")
    return { metadata: {}, status: "Failure", message: output.message, reason: "InternalError", code: 500 }
  return { metadata: {}, status: "Success" }
}

const send = (socket: WebSocket, channel: number, bytes: Uint8Array) =>
  Effect.callback<void>((resume) => {
    if (socket.readyState !== socket.OPEN) return resume(Effect.void)
    socket.send(Buffer.concat([Buffer.of(channel), bytes]), { binary: true }, () => resume(Effect.void))
  })

const bytesOf = (data: RawData) =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data

type Input = Parameters<Exec["Service"]["input"]>[0]["input"]

/** What the client says, as input of a process. */
export const inputOf = (message: Buffer): Input | undefined => {
  const channel = message[0]
  const body = message.subarray(1)
  if (channel === 0) return { _tag: "Stdin", bytes: body }
  if (channel === 255 && body[0] === 0) return { _tag: "End" }
  const size = channel === 4 ? Option.getOrUndefined(Schema.decodeOption(Size)(body.toString("utf8"))) : undefined
  return size && { _tag: "Size", rows: size.Height, columns: size.Width }
}

/** The end as the last message; before version 4 only of a failure, in words. */
const lastOf = ({ protocol }: WebSocket, output: Output) => {
  const status = statusOf(output)
  return protocol === "channel.k8s.io" ? (status.message ?? "") : JSON.stringify(status)
}

const tell = (socket: WebSocket, output: Output) => {
  if (output._tag === "Stdout") return send(socket, 1, output.bytes)
  if (output._tag === "Stderr") return send(socket, 2, output.bytes)
  const last = lastOf(socket, output)
  return last === "" ? Effect.void : send(socket, 3, Buffer.from(last))
}

/** Joins a socket and a process until either ends. */
export const join = Effect.fn("Channels.join")(function* (socket: WebSocket, exec: Exec["Service"], process: string) {
  const messages = Stream.callback<Buffer>((queue) =>
    Effect.sync(() => {
      socket.on("message", (data) => Queue.offerUnsafe(queue, bytesOf(data)))
      socket.on("close", () => Queue.endUnsafe(queue))
      socket.resume()
    })
  )
  const reading = messages.pipe(
    Stream.runForEach((message) => {
      const input = inputOf(message)
      return input === undefined ? Effect.void : exec.input({ process, input })
    })
  )
  const writing = exec.output({ process }).pipe(
    Stream.runForEach((output) => tell(socket, output)),
    Effect.catch((failure) => tell(socket, { _tag: "Failed", message: failure._tag }))
  )
  yield* Effect.raceFirst(writing, Effect.ignore(reading))
  socket.close(1000)
})
