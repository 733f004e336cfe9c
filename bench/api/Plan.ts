/** What is measured of an API server, and in which forms. */
import { Schema } from "effect"

export const protocols = ["h2", "http/1.1"] as const
export const formats = ["json", "protobuf"] as const
export type Protocol = (typeof protocols)[number]
export type Format = (typeof formats)[number]

/** How often faster it is meant to be than upstream, what of it is asked for at once, and how often before it is measured. */
export const operations = {
  get: { goal: 3, inFlight: 16, before: 5000 },
  list500: { goal: 8, inFlight: 4, before: 100 },
  list5000: { goal: 8, inFlight: 2, before: 20 },
  create: { goal: 3, inFlight: 16, before: 3000 },
  patch: { goal: 3, inFlight: 16, before: 3000 },
  delete: { goal: 3, inFlight: 16, before: 0 }
} as const
export type Operation = keyof typeof operations
export const names: ReadonlyArray<Operation> = ["get", "list500", "list5000", "create", "patch", "delete"]

export const watchers = 25
/** With this many Pods memory is measured. */
export const many = 11_000

/** What the client process is told. */
export const Task = Schema.Struct({
  port: Schema.Int,
  ca: Schema.String,
  cert: Schema.String,
  key: Schema.String,
  /** All of the server: their processor time and memory are measured. */
  pids: Schema.Array(Schema.Int),
  seconds: Schema.Finite,
  protocols: Schema.Array(Schema.Literals(protocols)),
  formats: Schema.Array(Schema.Literals(formats)),
  operations: Schema.Array(Schema.Literals(names)),
  watch: Schema.Boolean,
  fill: Schema.Boolean
})
export type Task = typeof Task.Type

const Figures = {
  what: Schema.String,
  protocol: Schema.Literals(protocols),
  format: Schema.Literals(formats),
  /** Each second. */
  rate: Schema.Finite,
  /** In milliseconds. */
  p50: Schema.Finite,
  p99: Schema.Finite,
  /** Microseconds of all processes of the server, for each operation. */
  cpu: Schema.Finite,
  failed: Schema.Int
}
export const Result = Schema.Struct({
  rows: Schema.Array(Schema.Struct(Figures)),
  watched: Schema.Array(Schema.Struct({ ...Figures, writes: Schema.Finite, lost: Schema.Int })),
  /** In MiB. */
  memory: Schema.Struct({ idle: Schema.Finite, many: Schema.Finite })
})
export type Result = typeof Result.Type
export type Row = Result["rows"][number]
export type Watched = Result["watched"][number]
