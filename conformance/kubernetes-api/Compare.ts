/** Sends scenarios to both servers, in the same order, and says for each request in what the answers differ. */
import { Effect } from "effect"
import * as Accepted from "./Accepted.ts"
import * as Differences from "./Differences.ts"
import { Normal } from "./Normal.ts"
import { type Answer, on, Past, type Request, type Scenario, type Step } from "./Scenario.ts"
import type { Side } from "./Side.ts"

export interface Found extends Differences.Difference {
  /** Why it is meant; absent: it is not. */
  readonly reason?: string
}
export interface Compared {
  readonly scenario: string
  readonly number: number
  readonly about: string
  readonly step: string
  readonly request: Request
  readonly ours: Answer
  readonly theirs: Answer
  readonly found: ReadonlyArray<Found>
}

interface Both {
  readonly ours: Side
  readonly theirs: Side
}

const send = ({ ours, theirs }: Both, request: Request) =>
  Effect.all([ours.send(request), theirs.send(request)], { concurrency: 2, discard: true })

const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } }

/** As a cluster's controllers would have it. */
const prepare = Effect.fnUntraced(function* (both: Both, namespace: string) {
  yield* send(both, on("/api/v1/namespaces").post({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }))
  yield* send(both, on(`/api/v1/namespaces/${namespace}/serviceaccounts`).post(account))
})

/** Without controllers nobody would empty it. It stays, empty, because nobody would finish it either. */
const emptied = ["pods", "configmaps", "serviceaccounts", "services"]
const clear = Effect.fnUntraced(function* (both: Both, namespace: string) {
  yield* Effect.forEach(
    emptied,
    (plural) => send(both, on(`/api/v1/namespaces/${namespace}/${plural}`).delete({ gracePeriodSeconds: 0 })),
    { discard: true }
  )
  yield* send(both, on(`/apis/apps/v1/namespaces/${namespace}/deployments`).delete())
})

const sides = () => ({ past: new Past(), normal: new Normal() })

const one = Effect.fnUntraced(function* (both: Both, { request }: Step, mine: ReturnType<typeof sides>, other: typeof mine) {
  const [asked, askedOther] = [request(mine.past), request(other.past)]
  const [ours, theirs] = yield* Effect.all([both.ours.send(asked), both.theirs.send(askedOther)], { concurrency: 2 })
  return {
    request: asked,
    raw: [ours, theirs] as const,
    ours: mine.normal.answer(ours),
    theirs: other.normal.answer(theirs)
  }
})

export const run = Effect.fnUntraced(function* (
  both: Both,
  scenario: Scenario,
  number: number,
  told: (compared: Compared) => void
) {
  const [mine, other] = [sides(), sides()]
  yield* prepare(both, scenario.namespace)
  for (const step of scenario.steps) {
    const { ours, raw, request, theirs } = yield* one(both, step, mine, other)
    mine.past.add(step.name, raw[0])
    other.past.add(step.name, raw[1])
    const name = `${scenario.name}: ${step.name}`
    const found = Differences.between(ours, theirs).map((difference): Found => {
      const reason = Accepted.reasonOf(name, difference)
      return reason === undefined ? difference : { ...difference, reason }
    })
    told({ scenario: scenario.name, number, about: scenario.about, step: step.name, request, ours, theirs, found })
  }
  yield* clear(both, scenario.namespace)
})
