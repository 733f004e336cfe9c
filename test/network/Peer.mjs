// A server that says who it is, and a client that asks it: run in a network namespace by `Netns.ts`.
import { createSocket } from "node:dgram"
import { connect, createServer } from "node:net"

const [mode, first, second, third, fourth] = process.argv.slice(2)

const serve = (name, port) => {
  const answer = (from) => `${name} ${from.replace("::ffff:", "")}`
  const tcp = createServer((socket) => {
    socket.on("error", () => undefined)
    socket.end(answer(socket.remoteAddress ?? ""))
  })
  const udp = createSocket("udp4", (_, { address, port }) => udp.send(answer(address), port, address))
  udp.bind(port, () => tcp.listen(port, "0.0.0.0", 1024, () => console.log("ready")))
}

const askTcp = (address, port) =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1500 })
    let text = ""
    socket.on("data", (data) => (text += data))
    socket.on("end", () => resolve(text))
    socket.on("timeout", () => resolve("TIMEOUT") ?? socket.destroy())
    socket.on("error", ({ code }) => resolve(code))
  })

const udp = mode === "udp" ? createSocket("udp4") : undefined
const askUdp = (address, port) =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve("TIMEOUT"), 1500)
    udp.once("message", (data) => {
      clearTimeout(timer)
      resolve(String(data))
    })
    udp.send("?", port, address)
  })

if (mode === "serve") serve(first, Number(second))
else {
  const [address, port, count, every] = [first, Number(second), Number(third), Number(fourth)]
  const ask = mode === "tcp" ? askTcp : askUdp
  const waiting = []
  for (let index = 0; index < count; index++) {
    if (every === 0 || mode === "udp") console.log(await ask(address, port))
    else waiting.push(ask(address, port).then((text) => console.log(text)))
    if (every > 0) await new Promise((resolve) => setTimeout(resolve, every))
  }
  await Promise.all(waiting)
  udp?.close()
}
