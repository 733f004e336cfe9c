/** What a node says of one package. */
import type * as Meter from "../../../kernel/plugin/Meter.ts"
import type { State } from "../../../kernel/plugin/Plugin.ts"
import { time } from "../../resources/contracts/Time.ts"
import type { PluginOnNode } from "../contracts/NodeState.ts"
import type { Run } from "../Running.ts"
import * as Words from "../Words.ts"

/** It stands in an annotation, beside those of others. */
const longest = 512

export const of = (error: unknown) => {
  const words = Words.of(error)
  return words.length > longest ? `${words.slice(0, longest)}…` : words
}

const states: { readonly [_ in State["state"]]: string } = {
  running: "Running",
  restarting: "Restarting",
  open: "CircuitOpen",
  failed: "Failed"
}

export interface Known {
  readonly generation: number
  readonly failure: string | undefined
  readonly run: Run | undefined
  readonly state: State | undefined
  readonly rolledBack: string | undefined
  readonly reading: Meter.Reading | undefined
}

/** What failed is told, whether or not an older version runs on. */
export const stateOf = ({ failure, generation, reading, rolledBack, run, state }: Known): PluginOnNode => {
  const now = run === undefined || state === undefined ? "Pending" : states[state.state]
  const reason = failure ?? (rolledBack === undefined ? state?.reason : `rolled back: ${rolledBack}`)
  return {
    state: run === undefined && failure !== undefined ? "Failed" : now,
    generation,
    ...(reason !== undefined && { reason }),
    ...(rolledBack !== undefined && { rolledBack }),
    ...(run !== undefined && {
      version: run.ready.kept.manifest.version,
      digest: run.ready.kept.digest,
      isolation: run.ready.plugin.isolation,
      offers: run.ready.attachments.map(({ contract: { key, version } }) => `${key} ${version}`)
    }),
    ...(state !== undefined && state.restarts > 0 && { restarts: state.restarts }),
    ...(state?.lastDeath !== undefined && {
      lastDeath: { reason: of(state.lastDeath.reason), finishedAt: time(state.lastDeath.at) }
    }),
    ...(reading !== undefined && reading.errors > 0 && { errors: reading.errors, lastError: of(reading.lastError) })
  }
}
