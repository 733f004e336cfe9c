/**
 * `pods/log` over a WebSocket, for clients that have no streams of HTTP: what comes from the node is sent on in one frame after
 * another. Source: the protocols `binary.k8s.io` (also without a name) and `base64.binary.k8s.io`.
 */
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { WebSocket } from "ws"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import type { Kubelet } from "./Kubelet.ts"
import * as Logs from "./Logs.ts"
import { accept, offeredOf, type Upgrade, waitingLimit } from "./Sockets.ts"

const binary = "binary.k8s.io"
const base64 = "base64.binary.k8s.io"

/** Until the node has no more to say, or the client does not listen any more. */
const pass = (response: IncomingMessage, client: WebSocket, encode: (chunk: Buffer) => Buffer | string) =>
  Effect.callback<void>((resume) => {
    response.on("data", (chunk: Buffer) => {
      if (client.readyState !== WebSocket.OPEN) return
      client.send(encode(chunk), () => {
        if (client.bufferedAmount < waitingLimit) response.resume()
      })
      if (client.bufferedAmount > waitingLimit) response.pause()
    })
    const end = () => resume(Effect.void)
    for (const event of ["end", "close", "error"]) response.once(event, end)
    client.once("close", end)
    return Effect.sync(() => response.destroy())
  })

export const serve = Effect.fnUntraced(function* (upgrade: Upgrade, at: At, kubelet: Kubelet) {
  const response = yield* Logs.open(upgrade.query, at, kubelet)
  const [protocol = ""] = offeredOf(upgrade, [binary, base64])
  const client = yield* accept(upgrade, protocol)
  const encode = protocol === base64 ? (chunk: Buffer) => chunk.toString("base64") : (chunk: Buffer) => chunk
  client.on("error", () => client.terminate())
  if (response !== undefined) yield* pass(response, client, encode)
  client.close(1000)
})
