/**
 * Connections that cost a client next to nothing, so that what is measured is the server: requests are bytes that were made before,
 * and of an answer only its status and its end are looked for.
 */
import { connect, type TLSSocket } from "node:tls"
import type { Protocol } from "./Plan.ts"

export interface Request {
  readonly method: string
  readonly path: string
  readonly accept: string
  readonly type?: string
  readonly body?: Uint8Array
}

export interface Connection {
  /** `bytes` are told what comes of the body; `done` whether it was answered with 2xx. */
  readonly send: (request: Request, done: (isGood: boolean) => void, bytes?: (chunk: Buffer) => void) => void
  readonly close: () => void
}

export interface Address {
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export const open = ({ ca, cert, key, port }: Address, protocol: Protocol) =>
  new Promise<TLSSocket>((resolve, reject) => {
    const options = { host: "127.0.0.1", port, ca, cert, key, servername: "localhost", ALPNProtocols: [protocol] }
    const socket = connect({ ...options, checkServerIdentity: () => undefined })
    socket.setNoDelay(true)
    socket.once("secureConnect", () => resolve(socket))
    socket.once("error", reject)
  })
