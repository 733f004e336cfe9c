/** Connections that are wrong below any request: bytes that are no HTTP, requests that hide others, frames out of order. */
import type { Random } from "../../conformance/kubernetes-api/Random.ts"
import * as Values from "./Values.ts"

const path = "/api/v1/namespaces/default/configmaps?dryRun=All"
const head = (...lines: ReadonlyArray<string>) => `${lines.join("\r\n")}\r\n\r\n`
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt8(flags, 4)
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

export interface Wire {
  readonly bytes: Buffer
  readonly protocol: "http/1.1" | "h2"
}

export const draw = (random: Random): Wire => {
  if (random.chance(0.3)) {
    const frames = Array.from({ length: 1 + random.int(20) }, () =>
      frame(random.int(12), random.int(256), random.int(10), Values.bytes(random, random.int(100)))
    )
    const settings = frame(4, 0, 0, Buffer.alloc(0))
    return { bytes: Buffer.concat([Buffer.from(preface), settings, ...frames]), protocol: "h2" }
  }
  const text = random.pick<() => string>([
    () =>
      head(`POST ${path} HTTP/1.1`, "Host: x", "Content-Length: 5", "Transfer-Encoding: chunked") +
      "0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    () => `${head(`POST ${path} HTTP/1.1`, "Host: x", "Transfer-Encoding: chunked")}fffffffffffffffff\r\nx`,
    () => `${head(`POST ${path} HTTP/1.1`, "Host: x", "Content-Length: -1")}{}`,
    () => `${head(`POST ${path} HTTP/1.1`, "Host: x", "Content-Length: 5", "Content-Length: 6")}{}{}{}`,
    () => head(`GET ${path} HTTP/9.9`, "Host: x"),
    () => head(`GET ${"/a".repeat(20_000)} HTTP/1.1`, "Host: x"),
    () => head(`GET / HTTP/1.1`, "Host: x", ...Array.from({ length: 5000 }, (_, at) => `x-${at}: ${at}`)),
    () => head(`GET / HTTP/1.1`, "Host: x", "X: a\u0000b"),
    () => head(`GET / HTTP/1.1`),
    () =>
      head(
        "GET /api/v1/namespaces/default/pods/none/exec?command=x HTTP/1.1",
        "Host: x",
        "Connection: Upgrade",
        "Upgrade: websocket"
      ),
    () =>
      `${head(
        ...["GET /api/v1/namespaces/default/pods/none/portforward HTTP/1.1", "Host: x", "Connection: Upgrade"],
        ...["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: __proto__"]
      )}\u0080\u0003\u0000\u0001`,
    () =>
      head(
        "GET /api/v1/pods HTTP/1.1",
        "Host: x",
        "Connection: Upgrade",
        `Upgrade: ${random.pick(["h2c", "TLS/1.0", "x"])}`
      ),
    () => Values.bytes(random, 1 + random.int(500)).toString("latin1")
  ])()
  return { bytes: Buffer.from(text, "latin1"), protocol: "http/1.1" }
}
