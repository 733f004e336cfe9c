/** What a run has seen so far, kept in a file: the same command goes on where it was interrupted. When a run has come to its end the file goes. */
import { Schema } from "effect"
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { Plan, Result } from "./Adapter.ts"

/** What was told of one adapter, and whether it came to its end. */
export interface Part {
  readonly plans: ReadonlyArray<Plan>
  readonly results: ReadonlyArray<Result>
  readonly ended?: { readonly failure?: string; readonly seconds: number }
}

const Line = Schema.fromJsonString(
  Schema.Union([
    /** Other checks, or another way of asking, begin anew. */
    Schema.Struct({ run: Schema.String }),
    Schema.Struct({ adapter: Schema.String, plan: Plan }),
    Schema.Struct({ adapter: Schema.String, result: Result }),
    Schema.Struct({
      adapter: Schema.String,
      ended: Schema.Struct({ failure: Schema.optionalKey(Schema.String), seconds: Schema.Finite })
    })
  ])
)
type Line = typeof Line.Type
const decode = Schema.decodeUnknownSync(Line)
const encode = Schema.encodeSync(Line)

const none: Part = { plans: [], results: [] }

const grown = (part: Part, line: Exclude<Line, { readonly run: string }>): Part => {
  if ("plan" in line)
    return { ...part, plans: [...part.plans.filter(({ contract }) => contract !== line.plan.contract), line.plan] }
  return "result" in line ? { ...part, results: [...part.results, line.result] } : { ...part, ended: line.ended }
}

const read = (file: string, run: string): ReadonlyMap<string, Part> => {
  const parts = new Map<string, Part>()
  if (!existsSync(file)) return parts
  // The last line may have been cut off.
  const [first, ...lines] = readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => decode(line))
  if (first === undefined || !("run" in first) || first.run !== run) return parts
  for (const line of lines) if (!("run" in line)) parts.set(line.adapter, grown(parts.get(line.adapter) ?? none, line))
  return parts
}

/** `run`: which checks were asked for, and how. Without a file nothing is kept. */
export const open = (file: string | undefined, run: string, isAnew: boolean) => {
  const before = file === undefined || isAnew ? new Map<string, Part>() : read(file, run)
  const add = (line: Line) => file !== undefined && appendFileSync(file, `${encode(line)}\n`)
  if (file !== undefined && before.size === 0) {
    mkdirSync(dirname(file), { recursive: true })
    rmSync(file, { force: true })
    add({ run })
  }
  return {
    before: (adapter: string) => before.get(adapter) ?? none,
    add,
    end: () => file !== undefined && rmSync(file, { force: true })
  }
}
export type Record = ReturnType<typeof open>
