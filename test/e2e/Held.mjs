/** Connections that stay: each says a line ten times a second and has to hear it again, until the input ends. */
import { connect } from "node:net"

const [host = "", port = "", count = "8"] = process.argv.slice(2)
const began = performance.now()
const failed = []
let [sent, ending] = [0, false]

const finish = () => {
  console.log(JSON.stringify({ sent, failed, versions: {}, seconds: (performance.now() - began) / 1000 }))
  process.exit(0)
}

const lines = Array.from({ length: Number(count) }, (_, index) => {
  const line = { waiting: 0, isOver: false }
  const end = (why) => {
    if (line.isOver) return
    line.isOver = true
    failed.push(`connection ${index} at ${((performance.now() - began) / 1000).toFixed(2)} s: ${why}`)
  }
  const socket = connect(Number(port), host).setNoDelay()
  let rest = ""
  socket.setEncoding("utf8").on("data", (text) => {
    const all = `${rest}${text}`.split("\n")
    rest = all.pop() ?? ""
    line.waiting -= all.length
  })
  socket.on("error", (error) => end(error.message))
  socket.on("close", () => end("closed"))
  line.say = () => {
    if (line.isOver) return
    sent++
    line.waiting++
    socket.write(`${index}\n`)
  }
  return line
})

const timer = setInterval(() => {
  if (!ending) return lines.forEach((line) => line.say())
  const isHeard = lines.every(({ isOver, waiting }) => isOver || waiting === 0)
  const isLate = performance.now() - ending > 10_000
  if (!isHeard && !isLate) return
  clearInterval(timer)
  for (const [index, { isOver, waiting }] of lines.entries())
    if (!isOver && waiting > 0) failed.push(`connection ${index}: ${waiting} lines are not answered`)
  finish()
}, 100)
process.stdin.resume().on("end", () => (ending = performance.now()))
