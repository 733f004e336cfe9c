/** What a node says of one package. */
import { Cause } from "effect"
import type { State } from "../../../kernel/plugin/Plugin.ts"
import type { PluginOnNode } from "../contracts/NodeState.ts"
import type { Run } from "../Running.ts"

const longest = 512

export const of = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  const [words = ""] = (error instanceof Error && error.message !== "" ? error.message : String(error)).split(/\n\s+at /)
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
  readonly errors: number | undefined
}

/** What failed is told, whether or not an older version runs on. */
export const stateOf = ({ errors, failure, generation, rolledBack, run, state }: Known): PluginOnNode => {
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
    ...(errors !== undefined && errors > 0 && { errors })
  }
}
