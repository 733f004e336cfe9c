/** The flows and levels as the cluster's objects have them now, and what each level's limit is. */
import { equal } from "../../../kernel/resource/JsonEqual.ts"
import type { Rows } from "../../../kernel/table/Rows.ts"
import type {
  FlowSchema,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec
} from "../../resources/contracts/flowcontrol/v1.ts"
import { mandatoryFlows, mandatoryLevels } from "../../resources/contracts/FlowDefaults.ts"
import { Counts } from "./Counts.ts"
import type { Summary } from "./Demand.ts"
import { Level } from "./Level.ts"
import { allocate, bounds, type Bounds, smooth, type Wish } from "./Limits.ts"
import { byPrecedence } from "./Matching.ts"
import { widest } from "./Width.ts"

/** A level that the cluster has, with what was decided of it. */
export interface Standing {
  readonly level: Level
  readonly uid: string
  readonly spec: PriorityLevelConfigurationSpec
  bounds: Bounds
  summary: Summary
  smoothed: number
  target: number
  /** The most that one request gets of it. */
  widest: number
}

export interface Flow {
  readonly schema: FlowSchema
  readonly standing: Standing
  readonly by: "ByUser" | "ByNamespace" | undefined
  readonly counts: Counts
}

const quiet: Summary = { average: 0, deviation: 0, highest: 0 }
const nothing: Bounds = { nominal: 0, lower: 0, upper: 0 }

const byOf = ({ spec: { distinguisherMethod } }: FlowSchema) =>
  distinguisherMethod?.type === "ByUser" || distinguisherMethod?.type === "ByNamespace"
    ? distinguisherMethod.type
    : undefined

// The rows of these storages hold these kinds, hence the casts.
const flowsOf = (rows: Rows) => [...rows.list("")].map((row) => row.object as FlowSchema)
const levelsOf = (rows: Rows) => [...rows.list("")].map((row) => row.object as PriorityLevelConfiguration)

const queuingOf = ({ limited }: PriorityLevelConfigurationSpec) =>
  limited?.limitResponse?.type === "Queue" ? limited.limitResponse.queuing : undefined

/** Queues are as they were made; a level that shall have others is another. */
const isSame = (a: PriorityLevelConfigurationSpec, b: PriorityLevelConfigurationSpec) =>
  a.type === b.type && equal(plain(queuingOf(a)), plain(queuingOf(b)))
const plain = (value: object | undefined) => (value === undefined ? {} : Object(value))

const catchAll = "catch-all"

/** A mandatory schema whose object is not there yet. */
const fixed = (name: string): FlowSchema => ({
  metadata: { name, uid: "", resourceVersion: "", creationTimestamp: "" },
  spec: mandatoryFlows[name] ?? { matchingPrecedence: 10_000, priorityLevelConfiguration: { name } },
  status: {}
})

export class Configuration {
  /** Of those that no schema means. */
  last: Flow
  standings: ReadonlyMap<string, Standing> = new Map()
  flows: ReadonlyArray<Flow> = []
  /** Whether some schema names namespaces: otherwise it does not matter which one is asked. */
  namesNamespaces = false
  fraction = 0
  readonly counts = new Map<string, Counts>()
  private readonly total: number
  private readonly now: () => number

  constructor(total: number, now: () => number) {
    this.total = total
    this.now = now
    const standing = this.standing({ name: catchAll, uid: "", spec: mandatoryLevels[catchAll] ?? { type: "Limited" } })
    this.last = this.flow(fixed(catchAll), standing)
  }

  /** Whatever is stored, everybody has a flow: the mandatory ones are there also when their objects are not. */
  read(schemas: Rows, levels: Rows) {
    const stored = levelsOf(levels)
    const names = new Set(stored.map(({ metadata }) => metadata.name))
    const missing = Object.entries(mandatoryLevels).filter(([name]) => !names.has(name))
    const all = [
      ...stored.map(({ metadata: { name, uid }, spec }) => ({ name, uid, spec })),
      ...missing.map(([name, spec]) => ({ name, uid: "", spec }))
    ]
    this.standings = new Map(all.map((one) => [one.name, this.standing(one)]))
    const limits = bounds(new Map(all.map(({ name, spec }) => [name, spec])), this.total)
    for (const [name, standing] of this.standings) {
      standing.bounds = limits.get(name) ?? nothing
      const { handSize } = standing.level.queuing ?? { handSize: 0 }
      standing.widest = handSize === 0 ? Number.POSITIVE_INFINITY : widest(standing.bounds.nominal, handSize)
    }
    this.flows = this.flowsOf(flowsOf(schemas))
    this.last = this.flows.find(({ schema }) => schema.metadata.name === catchAll) ?? this.last
    const rules = this.flows.flatMap(({ schema }) => schema.spec.rules ?? []).flatMap((rule) => rule.resourceRules ?? [])
    this.namesNamespaces = rules.some(({ namespaces = [] }) => namespaces.some((name) => name !== "*"))
    this.share()
  }

  /** From time to time: seats go where they were wanted. */
  adjust() {
    const now = this.now()
    for (const standing of this.standings.values()) {
      standing.summary = standing.level.demand.take(now)
      standing.smoothed = smooth(standing.smoothed, standing.summary)
    }
    this.share()
  }

  private share() {
    const wishes = [...this.standings].map(([name, { bounds, level, smoothed, summary }]): readonly [string, Wish] => [
      name,
      { isExempt: level.isExempt, bounds, highest: summary.highest, smoothed }
    ])
    const { fraction, shares } = allocate(new Map(wishes), this.total)
    this.fraction = fraction
    for (const [name, standing] of this.standings) {
      const { limit = 0, target = 0 } = shares.get(name) ?? {}
      standing.target = target
      standing.level.setLimit(limit)
    }
  }

  private standing({ name, spec, uid }: { name: string; uid: string; spec: PriorityLevelConfigurationSpec }): Standing {
    const before = this.standings.get(name)
    const kept = before !== undefined && isSame(before.spec, spec) ? before : undefined
    const about = { name, isExempt: spec.type === "Exempt", queuing: queuingOf(spec) }
    return {
      level: kept?.level ?? new Level(about, this.now),
      uid,
      spec,
      bounds: nothing,
      summary: kept?.summary ?? quiet,
      smoothed: kept?.smoothed ?? 0,
      target: kept?.target ?? 0,
      widest: Number.POSITIVE_INFINITY
    }
  }

  private flowsOf(stored: ReadonlyArray<FlowSchema>): ReadonlyArray<Flow> {
    const names = new Set(stored.map(({ metadata }) => metadata.name))
    const missing = Object.keys(mandatoryFlows).filter((name) => !names.has(name))
    return [...stored, ...missing.map(fixed)].toSorted(byPrecedence).flatMap((schema) => {
      const standing = this.standings.get(schema.spec.priorityLevelConfiguration.name)
      // One that hangs is as if it were not there.
      return standing === undefined ? [] : [this.flow(schema, standing)]
    })
  }

  private flow(schema: FlowSchema, standing: Standing): Flow {
    return { schema, standing, by: byOf(schema), counts: this.countsOf(standing.level.name, schema.metadata.name) }
  }

  private countsOf(level: string, schema: string) {
    const key = `${level}/${schema}`
    const counts = this.counts.get(key) ?? new Counts(level, schema)
    this.counts.set(key, counts)
    return counts
  }
}
