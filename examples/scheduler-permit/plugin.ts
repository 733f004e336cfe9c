/** All or none: Pods with the label `gang` go to their nodes when as many of them have one as their label `gang-size` says. */
import { Deferred, Effect } from "effect"
import type { Plugin } from "keelson/scheduler/Framework"
import { Rejected } from "keelson/scheduler/Framework"
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"

interface Options {
  /** How long the first of them waits for the last. */
  readonly patienceSeconds?: number
}

const name = "scheduler-permit"

const gangs = ({ patienceSeconds = 60 }: Options): Plugin => {
  /** By gang: those that wait, by uid. */
  const waiting = new Map<string, Map<string, Deferred.Deferred<void>>>()
  return {
    name,
    permit: ({ pod: { metadata } }) => {
      const { labels = {}, namespace, uid } = metadata
      const gang = labels["gang"]
      if (gang === undefined) return Effect.void
      const key = `${namespace}/${gang}`
      const all = waiting.get(key) ?? new Map<string, Deferred.Deferred<void>>()
      const own = Deferred.makeUnsafe<void>()
      waiting.set(key, all.set(uid, own))
      if (all.size >= Number(labels["gang-size"] ?? 1)) {
        waiting.delete(key)
        for (const one of all.values()) Deferred.doneUnsafe(one, Effect.void)
      }
      const reasons = [`the others of gang ${gang} did not come in time`]
      return Effect.timeoutOrElse(Deferred.await(own), {
        duration: `${patienceSeconds} seconds`,
        orElse: () => Effect.fail(new Rejected({ plugin: name, reasons }))
      }).pipe(Effect.ensuring(Effect.sync(() => all.delete(uid))))
    }
  }
}

export const plugin = (options: Options = {}) => SchedulerPlugin.make(gangs(options))
