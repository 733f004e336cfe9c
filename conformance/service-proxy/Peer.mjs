// Somebody in a network namespace, run by `Bed.ts`: serves and asks as it is told, a JSON object a line.
import { createSocket } from "node:dgram"
import { connect, createServer } from "node:net"
import { createInterface } from "node:readline"

const patience = 1500
const plain = (address = "") => address.replace("::ffff:", "")

/** Says who it is and whom it sees, as often as it is asked. */
const serve = ({ name, port }) =>
  new Promise((resolve, reject) => {
    const tcp = createServer((socket) => {
      socket.on("error", () => undefined)
      socket.on("data", () => socket.write(`${name} ${plain(socket.remoteAddress)}\n`))
    })
    const udp = createSocket({ type: "udp6" }, (_, from) =>
      udp.send(`${name} ${plain(from.address)}`, from.port, from.address)
    )
    for (const one of [tcp, udp]) one.on("error", reject)
    udp.bind(port, "::", () => tcp.listen({ port, host: "::", backlog: 1024 }, () => resolve("serving")))
  })

const line = (socket) =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve("TIMEOUT"), patience)
    const done = (what) => {
      clearTimeout(timer)
      resolve(what)
    }
    socket.once("data", (data) => done(String(data).trim()))
    socket.once("error", ({ code }) => done(code))
    socket.once("close", () => done("CLOSED"))
    socket.write("?")
  })

const askTcp = async ({ host, localPort, port }) => {
  const socket = connect({ host, port, localPort })
  const answer = await line(socket)
  socket.destroy()
  return answer
}

const askUdp = ({ host, localPort = 0, port }) =>
  new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4")
    const done = (what) => {
      clearTimeout(timer)
      socket.close(() => resolve(what))
    }
    const timer = setTimeout(() => done("TIMEOUT"), patience)
    socket.once("error", ({ code }) => done(code))
    socket.once("message", (data) => done(String(data)))
    socket.bind(localPort, () => socket.connect(port, host, () => socket.send("?")))
  })

const ask = async ({ count = 1, every = 0, protocol, ...to }) => {
  const answers = []
  for (let index = 0; index < count; index++) {
    answers.push(await (protocol === "udp" ? askUdp : askTcp)(to))
    // One that failed says enough, and may have taken long: kernels refuse only so many a second.
    if (/^[A-Z]+$/.test(answers.at(-1)) && every === 0) break
    if (every > 0) await new Promise((resolve) => setTimeout(resolve, every))
  }
  return answers
}

const held = new Map()
const hold = async ({ id, ...to }) => {
  const socket = connect(to)
  held.set(id, socket)
  return [id, await line(socket)]
}
const drop = ({ held: id }) => {
  held.get(id)?.destroy()
  held.delete(id)
}

/** What connects to a port here comes out of a socket of the file system, which every network reaches. */
const relay = ({ path, port }) =>
  new Promise((resolve, reject) => {
    const server = createServer((here) => {
      const there = connect(path)
      for (const [one, other] of [
        [here, there],
        [there, here]
      ]) {
        one.pipe(other)
        one.on("error", () => other.destroy())
      }
    })
    server.on("error", reject)
    server.listen(port, "127.0.0.1", () => resolve("relaying"))
  })

const ways = { serve, ask, hold, say: ({ held: id }) => line(held.get(id)), drop, relay }
createInterface({ input: process.stdin }).on("line", async (text) => {
  const order = JSON.parse(text)
  const result = await Promise.try(ways[order.way], order).catch(({ message }) => message)
  process.stdout.write(`${JSON.stringify({ id: order.id, result: result ?? null })}\n`)
})
process.stdin.on("end", () => process.exit(0))
