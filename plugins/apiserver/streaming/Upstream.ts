/** One HTTP request passed on to somebody else (a kubelet, a Pod), and the answer passed back as it comes. */
import { Effect } from "effect"
import { type ClientRequest, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http"
import { request as httpsRequest, type RequestOptions as SecureOptions } from "node:https"
import type { Outgoing } from "../Exchange.ts"
import { internal, type Refused } from "../Refused.ts"

export interface Target extends RequestOptions, SecureOptions {
  readonly scheme: "http" | "https"
}

/** `fill` sends the body. Given up when nobody waits for the answer any more. */
export const call = (target: Target, fill: (request: ClientRequest) => void): Effect.Effect<IncomingMessage, Refused> =>
  Effect.callback((resume) => {
    const { scheme, ...options } = target
    const request = scheme === "https" ? httpsRequest(options) : httpRequest(options)
    request.on("response", (response) => resume(Effect.succeed(response)))
    request.on("error", (error) => {
      resume(Effect.fail(internal(`error dialing backend: ${error.message}`)))
    })
    fill(request)
    return Effect.sync(() => request.destroy())
  })

/** Writes what comes as it comes, no faster than it is read. The response's headers have been written. */
export const pipe = (response: IncomingMessage, outgoing: Outgoing): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const end = () => resume(Effect.sync(() => outgoing.end()))
    response.on("data", (chunk: Buffer) => {
      const isRoom = outgoing.write(chunk, () => {
        if (!isRoom) response.resume()
      })
      if (!isRoom) response.pause()
    })
    response.on("end", end)
    response.on("close", end)
    response.on("error", end)
    return Effect.sync(() => response.destroy())
  })

/** What a failed answer says, which is short. */
export const textOf = (response: IncomingMessage): Effect.Effect<string> =>
  Effect.callback((resume) => {
    let text = ""
    response.setEncoding("utf8")
    response.on("data", (chunk: string) => {
      if (text.length < 64 * 1024) text += chunk
    })
    response.on("close", () => resume(Effect.succeed(text.trim())))
  })

/** A whole answer, for which there must be room. */
export const bytesOf = (response: IncomingMessage): Effect.Effect<Buffer> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    response.on("data", (chunk: Buffer) => chunks.push(chunk))
    response.on("error", () => {})
    response.on("close", () => resume(Effect.succeed(Buffer.concat(chunks))))
    return Effect.sync(() => response.destroy())
  })
