/**
 * gzip for large answers, by threads beside the event loop: as the upstream API server does it, from 128 KiB on and at the
 * fastest level, because most clients ask for it whatever it costs. Watches are never compressed.
 */
import { Effect } from "effect"
import type { OutgoingHttpHeaders } from "node:http"
import { constants, createGzip, type Gzip, gzip } from "node:zlib"
import { type Exchange, header, type Outgoing } from "./Exchange.ts"

export const threshold = 128 * 1024

const options = { level: constants.Z_BEST_SPEED }

/** Besides those that an answer has already. */
export const headers = ({ vary }: OutgoingHttpHeaders = {}) => ({
  "content-encoding": "gzip",
  vary: vary === undefined ? "Accept-Encoding" : `${vary}, Accept-Encoding`
})

export const accepts = ({ incoming, method }: Exchange): boolean => {
  const asked = header(incoming, "accept-encoding")
  if (asked === undefined || method === "HEAD") return false
  return asked.split(",").some((one) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/.test(one))
}

export const whole = (body: string | Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.callback<Uint8Array>((resume) => {
    gzip(body, options, (error, bytes) => resume(error === null ? Effect.succeed(bytes) : Effect.die(error)))
  })

/** What is written to it goes compressed to the response, no faster than that takes it. */
export const start = (outgoing: Outgoing): Gzip => {
  const zip = createGzip(options)
  zip.on("data", (chunk: Buffer) => {
    zip.pause()
    outgoing.write(chunk, () => zip.resume())
  })
  zip.once("end", () => outgoing.end())
  zip.once("error", (error) => outgoing.destroy(error))
  outgoing.once("close", () => zip.destroy())
  return zip
}
