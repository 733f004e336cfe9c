/** Steady requests to an API while something is done to its servers: 50 a second, reads and writes in turn, and what became of each. */
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"

export interface Answer {
  readonly code: number
  readonly text: string
  readonly retryAfter: string | undefined
}
export type Ask = (method: "GET" | "POST", path: string, body?: object) => Promise<Answer>

interface Done {
  readonly isWrite: boolean
  /** Of each attempt. */
  readonly answers: ReadonlyArray<Answer>
  readonly name: string
  /** Milliseconds. */
  readonly ended: number
}

const every = 20
const maps = "/api/v1/namespaces/default/configmaps"

const nothing = (cause: unknown): Answer => ({ code: 0, text: String(cause), retryAfter: undefined })
/** Of a repeated create: what the lost answer belonged to was done. */
const isGood = ({ code }: Answer, attempt: number) => code === 200 || code === 201 || (attempt > 0 && code === 409)

/** Attempts until one succeeds, but not more than so many; waits as long as it is told. */
const attempted = async (go: () => Promise<Answer>, attempts: number) => {
  const answers: Array<Answer> = []
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await go().catch(nothing)
    answers.push(answer)
    if (isGood(answer, attempt)) break
    await sleep(answer.code === 503 ? 1000 * Number(answer.retryAfter ?? 1) : 50)
  }
  return answers
}

const longestGap = (times: ReadonlyArray<number>) =>
  Math.max(0, ...times.toSorted((a, b) => a - b).map((time, index, all) => time - (all[index - 1] ?? time)))

const figures = (all: ReadonlyArray<Done>) => {
  const failed = (done: Done) => !done.answers.some(isGood)
  const times = (isWrite: boolean) =>
    all.filter((done) => done.isWrite === isWrite && !failed(done)).map(({ ended }) => ended)
  return {
    requests: all.length,
    failedAtFirst: all.filter(({ answers: [first] }) => first === undefined || !isGood(first, 0)).length,
    failed: all.filter(failed).map(({ answers }) => answers.map(({ code, text }) => `${code} ${text.slice(0, 200)}`)),
    /** Whose connection was lost, or never made. */
    broken: all.flatMap(({ answers }) => answers.filter(({ code }) => code === 0).map(({ text }) => text)),
    refused: all.flatMap(({ answers }) => answers.filter(({ code }) => code === 503)),
    longestWriteGap: longestGap(times(true)),
    longestReadGap: longestGap(times(false)),
    written: all.filter((done) => done.isWrite && !failed(done)).map(({ name }) => name)
  }
}
export type Figures = ReturnType<typeof figures>

/** `reads`: what is asked for between the writes. `attempts`: so many has each request. */
export const during = <A, E, R>(
  ask: Ask,
  { attempts, prefix, reads }: { readonly attempts: number; readonly prefix: string; readonly reads: string },
  effect: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const under = new Set<Promise<Done>>()
    const done: Array<Done> = []
    let sent = 0
    const began = Date.now()
    const one = async (): Promise<Done> => {
      const [isWrite, name] = [sent % 2 === 0, `${prefix}-${sent++}`]
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } }
      const go = () => (isWrite ? ask("POST", maps, body) : ask("GET", reads))
      const answers = await attempted(go, attempts)
      return { isWrite, answers, name, ended: Date.now() }
    }
    // A machine that is busy lets timers come late: what was due is sent then.
    const timer = setInterval(() => {
      while (sent * every < Date.now() - began) {
        const request = one()
        under.add(request)
        request.then((end) => {
          under.delete(request)
          done.push(end)
        })
      }
    }, every)
    yield* Effect.ensuring(
      effect,
      Effect.sync(() => clearInterval(timer))
    )
    yield* Effect.promise(() => Promise.all(under))
    return figures(done)
  })
