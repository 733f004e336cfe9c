/**
 * `npm run soak -- hostile`: requests that mean no good, 100,000 of them if nothing else is said, to a server of its own. None may get
 * another answer than a refusal, end the server, hold it up, or leave something behind in its memory.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Run from "./Run.ts"
import * as Server from "./Server.ts"

const flags = {
  requests: Flag.Int("requests").pipe(Flag.withDescription("How many in all"), Flag.withDefault(100_000)),
  seed: Flag.Int("seed").pipe(Flag.withDescription("What they are drawn from"), Flag.withDefault(1)),
  from: Flag.Int("from").pipe(Flag.withDescription("The first number: to see one again"), Flag.withDefault(0)),
  growth: Flag.Int("growth").pipe(
    Flag.withDescription("By how many MiB the server's heap may grow after the first tenth"),
    Flag.withDefault(32)
  )
}

const MiB = (bytes: number) => Math.round(bytes / 2 ** 20)
const parts = 10

const shown = ({ answer: { code, text }, number, request, what }: Run.Fault) => {
  const about =
    request === undefined ? "" : ` ${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.headers)}`
  const body = request?.body === undefined ? "" : `\n    ${JSON.stringify(request.body.subarray(0, 300).toString("latin1"))}`
  return `  number ${number} (${what}):${about}${body}\n    ${code === -1 ? "no answer in time" : code} ${text.slice(0, 300)}`
}

const soak = Effect.fnUntraced(function* ({ from, growth, requests, seed }: Given) {
  const server = yield* Server.start()
  const faults: Array<Run.Fault> = []
  const codes = new Map<string, number>()
  let [base, longest, sent] = [0, 0, 0]
  let last = yield* server.figures(true)
  for (let part = 0; part < parts && sent < requests; part++) {
    const count = Math.min(Math.ceil(requests / parts), requests - sent)
    const options = { host: "127.0.0.1", port: server.port, seed, first: from + sent, count, atOnce: 8 }
    const outcome = yield* Effect.promise(() => Run.run(options))
    sent += count
    faults.push(...outcome.faults)
    for (const [code, times] of Object.entries(outcome.codes)) codes.set(code, (codes.get(code) ?? 0) + times)
    last = yield* server.figures(true)
    longest = Math.max(longest, last.longest)
    for (const fault of outcome.faults.slice(0, 3)) yield* Console.log(shown(fault))
    if (part === 0) base = last.heapUsed
    const { cut, harmless, refused, slowest } = outcome
    yield* Console.log(
      `${sent}: ${refused} refused, ${harmless} harmless, ${cut} cut off, ${outcome.faults.length} wrong; ` +
        `heap ${MiB(last.heapUsed)} MiB, memory ${MiB(last.rss)} MiB, event loop held at most ${last.longest.toFixed(0)} ms, ` +
        `slowest ${slowest.milliseconds.toFixed(0)} ms (number ${slowest.number}, ${slowest.what})`
    )
  }
  const grown = MiB(last.heapUsed - base)
  const answers = [...codes].toSorted(([a], [b]) => Number(a) - Number(b)).map(([code, times]) => `${code}: ${times}`)
  yield* Console.log(`answers: ${answers.join(", ")}`)
  yield* Console.log(`the heap has grown by ${grown} MiB; the event loop was held for at most ${longest.toFixed(0)} ms`)
  if (faults.length > 0) {
    const some = faults.slice(0, 20).map(shown).join("\n")
    const said = server.said().slice(-3000)
    return yield* new Server.ServerFailed({
      message: `${faults.length} answers are wrong:\n${some}\nthe server said: ${said}`
    })
  }
  if (grown > growth) return yield* new Server.ServerFailed({ message: `the server has grown by ${grown} MiB` })
})
interface Given {
  readonly from: number
  readonly growth: number
  readonly requests: number
  readonly seed: number
}

export const hostile = Command.make("hostile", flags, (given) => Effect.scoped(soak(given))).pipe(
  Command.withDescription("Requests that mean no good, to a server of its own")
)
