// The two ends of a measured connection, run in network namespaces by `Network.ts`: `serve PORT`, and `stream` or `turns HOST PORT SECONDS`.
import { connect, createServer } from "node:net"

const [mode, first, second, third] = process.argv.slice(2)
const chunk = Buffer.alloc(256 * 1024)

/** What begins with `s` is counted, and the count is the answer; what begins with `t` is sent back. */
const serve = (port) => {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    let kind
    let bytes = 0
    socket.on("error", () => undefined)
    socket.on("data", (data) => {
      kind ??= String.fromCharCode(data[0])
      bytes += data.length
      if (kind === "t") socket.write(data)
    })
    socket.on("end", () => socket.end(kind === "s" ? String(bytes) : undefined))
  })
  server.listen(port, "0.0.0.0", () => console.log("ready"))
}

const stream = (host, port, seconds) => {
  const socket = connect({ host, port, allowHalfOpen: true })
  let said = ""
  let began = 0n
  const write = () => {
    while (process.hrtime.bigint() - began < BigInt(seconds) * 1_000_000_000n) {
      if (!socket.write(chunk)) return socket.once("drain", write)
    }
    socket.end()
  }
  socket.on("connect", () => {
    began = process.hrtime.bigint()
    socket.write("s")
    write()
  })
  socket.on("data", (data) => (said += data))
  socket.on("end", () => {
    const spent = Number(process.hrtime.bigint() - began)
    console.log(JSON.stringify({ gigabits: (Number(said) * 8) / spent }))
  })
}

/** One byte there and back, again and again: microseconds. */
const turns = (host, port, seconds) => {
  const socket = connect({ host, port, noDelay: true })
  const times = []
  const until = process.hrtime.bigint() + BigInt(seconds) * 1_000_000_000n
  let began = 0n
  const ask = () => {
    began = process.hrtime.bigint()
    socket.write("t")
  }
  socket.on("connect", ask)
  socket.on("data", () => {
    const now = process.hrtime.bigint()
    times.push(Number(now - began) / 1000)
    if (now < until) return ask()
    socket.destroy()
    times.sort((one, other) => one - other)
    const at = (part) => times[Math.floor(times.length * part)]
    console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), count: times.length }))
  })
}

if (mode === "serve") serve(Number(first))
else (mode === "stream" ? stream : turns)(first, Number(second), Number(third))
