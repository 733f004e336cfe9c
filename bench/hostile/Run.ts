/** Sends many hostile requests and judges each answer: it is a refusal, it comes in time, and the server is as before. */
import { make as makeRandom } from "../../conformance/kubernetes-api/Random.ts"
import { draw, type Request } from "./Requests.ts"
import * as Send from "./Send.ts"
import * as Wires from "./Wires.ts"

export interface Fault {
  readonly what: string
  /** With which it is drawn again. */
  readonly number: number
  readonly answer: Send.Answer
  readonly request?: Request
}
export interface Outcome {
  readonly refused: number
  /** What was not wrong after all, and did nothing. */
  readonly harmless: number
  /** Connections that were ended without a word: what came was no HTTP. */
  readonly cut: number
  readonly codes: { readonly [code: string]: number }
  readonly faults: ReadonlyArray<Fault>
  readonly slowest: { readonly milliseconds: number; readonly number: number; readonly what: string }
}

export interface Options {
  readonly host: string
  readonly port: number
  readonly seed: number
  readonly first: number
  readonly count: number
  readonly atOnce: number
  /** As who; otherwise as nobody. */
  readonly token?: string
}

/** One connection in fifty is broken below HTTP. */
const wires = 0.02

/** What patches are meant for. */
const target: Request = {
  ...{ what: "target", method: "POST", path: "/api/v1/namespaces/default/configmaps" },
  headers: { "content-type": "application/json" },
  body: Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"there"},"data":{"a":"b"}}')
}

/** Upstream's answer to a revision that nobody has seen yet: it may come. The client is told to ask again. */
const isAhead = ({ code, text }: Send.Answer) => code === 504 && text.includes("ResourceVersionTooLarge")

const redirected = (code: number) => code >= 200 && code < 400

/** Numbers `first` to `first + count` of what a seed gives. */
export const run = async ({ atOnce, count, first, host, port, seed, token }: Options): Promise<Outcome> => {
  const sender = Send.make(host, port, token)
  const codes: { [code: string]: number } = {}
  const faults: Array<Fault> = []
  let [refused, harmless, cut] = [0, 0, 0]
  let slowest = { milliseconds: 0, number: 0, what: "" }
  let next = first

  const judge = (number: number, what: string, answer: Send.Answer, isWire: boolean, request?: Request) => {
    const { code } = answer
    codes[code] = (codes[code] ?? 0) + 1
    if ((code >= 400 && code < 500) || isAhead(answer)) refused++
    else if (redirected(code)) harmless++
    else if (isWire && code !== -1 && code < 500) cut++
    else faults.push({ what, number, answer, ...(request !== undefined && { request }) })
  }
  const one = async (number: number) => {
    const random = makeRandom(seed, number)
    const began = performance.now()
    if (random.chance(wires)) {
      const { bytes, protocol } = Wires.draw(random)
      judge(number, "wire", await sender.raw(bytes, protocol), true)
      return
    }
    const request = draw(random)
    const answer = await sender.send(request, random.chance(0.3))
    const milliseconds = performance.now() - began
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, number, what: request.what }
    // A client's library ends what it cannot read; what it wrote is judged by what came.
    judge(number, request.what, answer, ["header", "path", "query"].includes(request.what), request)
  }
  const worker = async () => {
    while (next < first + count) await one(next++)
  }
  await sender.send(target, false)
  await Promise.all(Array.from({ length: atOnce }, worker))
  sender.close()
  return { refused, harmless, cut, codes, faults, slowest }
}
