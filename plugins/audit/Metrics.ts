/** What is counted of auditing, under upstream's names, so that its dashboards and alerts work here. */
import { type Context, Metric } from "effect"
import type { Level } from "./contracts/Policy.ts"

const counter = (name: string, description: string, attributes: { readonly [label: string]: string } = {}) =>
  Metric.counter(name, { description, incremental: true, attributes })

const events = counter("apiserver_audit_event_total", "Audit events made and sent to a sink.")
const levels = (level: Level) =>
  counter("apiserver_audit_level_total", "Requests by the level that the audit policy has for them.", { level })
const errors = (plugin: string) =>
  counter("apiserver_audit_error_total", "Audit events that were lost, by what should have kept them.", { plugin })

export const make = (context: Context.Context<never>) => {
  const byLevel = new Map<Level, ReturnType<typeof levels>>()
  return {
    event: () => events.updateUnsafe(1, context),
    level: (level: Level) => {
      const one = byLevel.get(level) ?? levels(level)
      byLevel.set(level, one)
      one.updateUnsafe(1, context)
    },
    lost: (plugin: string, count: number) => errors(plugin).updateUnsafe(count, context)
  }
}
export type Metrics = ReturnType<typeof make>
