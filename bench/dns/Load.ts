/** Asks a DNS server for a while, so many questions at a time, and tells how many were answered and how long one took. */
import { encode, RECURSION_DESIRED } from "dns-packet"
import { Schema } from "effect"
import { createSocket } from "node:dgram"
import { fileURLToPath } from "node:url"

const { Array: List, Finite, Int, String: Text, Struct } = Schema

const Asked = Schema.fromJsonString(Struct({ address: Text, port: Int, names: List(Text), window: Int }))
/** The median and the 99th percentile in milliseconds. */
const Answered = Struct({ answered: Int, seconds: Finite, median: Finite, tail: Finite })
export const decode = Schema.decodeUnknownSync(Answered)

export const middle = (all: ReadonlyArray<number>) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0

const [warm, long] = [200, 1000]

const run = async ({ address, names, port, window }: typeof Asked.Type) => {
  const questions = names.map((name) =>
    encode({ type: "query", flags: RECURSION_DESIRED, questions: [{ name, type: "A" }] })
  )
  const socket = createSocket({ type: "udp4", lookup: (host, _, found) => found(null, host, 4) })
  await new Promise<void>((resolve) => socket.connect(port, address, resolve))
  const sent = new Float64Array(window)
  const taken: Array<number> = []
  let [next, answered, counts] = [0, 0, false]
  const ask = (slot: number) => {
    const question = questions[next++ % questions.length]
    if (question === undefined) return
    question.writeUInt16BE(slot, 0)
    sent[slot] = performance.now()
    // Sent at once, or copied: the bytes may be used again.
    socket.send(Buffer.from(question))
  }
  socket.on("message", (answer) => {
    const slot = answer.readUInt16BE(0)
    if (counts) answered++
    if (counts && (window === 1 || answered % 16 === 0)) taken.push(performance.now() - (sent[slot] ?? 0))
    ask(slot)
  })
  const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))
  for (let slot = 0; slot < window; slot++) ask(slot)
  await pause(warm)
  counts = true
  const began = performance.now()
  await pause(long)
  const seconds = (performance.now() - began) / 1000
  counts = false
  socket.close()
  const sorted = taken.toSorted((a, b) => a - b)
  return { answered, seconds, median: middle(sorted), tail: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const told = await run(Schema.decodeSync(Asked)(process.argv[2] ?? ""))
  process.send?.(told, () => process.exit())
}
