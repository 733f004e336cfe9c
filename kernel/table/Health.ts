/**
 * How a log and its table are: whether the store answers, and how far the table is behind it. Asked for every few seconds, without
 * a write, and told as named checks and as figures.
 */
import { Clock, Duration, Effect, Metric } from "effect"
import type { Log, LogName, Status } from "../store/Log.ts"

const every = Duration.seconds(5)
/** A store that has not answered for this long, or a table that is behind for this long, is not ready. */
export const patience = Duration.seconds(12)

/** What a table says of itself. */
export interface Watched {
  readonly revision: number
  readonly following: boolean
  /** Why it cannot go on; nothing if it can. */
  readonly fault: string | undefined
  readonly sizes: () => Iterable<readonly [storage: string, objects: number]>
}

const gauge = (name: string, description: string) => {
  const metric = Metric.gauge(name, { description })
  return (labels: { readonly [label: string]: string }, value: number) =>
    Metric.update(Metric.withAttributes(metric, labels), value)
}

const figures = {
  revision: gauge("keelson_store_revision", "The revision that this process has reached, by log."),
  lag: gauge("keelson_store_lag_revisions", "How many revisions this process is behind the store, by log."),
  late: gauge("keelson_store_lag_seconds", "For how long this process has been behind the store, by log."),
  silent: gauge("keelson_store_silent_seconds", "For how long the store has not answered, by log."),
  following: gauge("keelson_store_following", "1 if the log is being followed."),
  compacted: gauge("keelson_store_compacted_revision", "The state from this revision on can still be told, by log."),
  entries: gauge("keelson_store_entries", "Entries that are kept, by log."),
  replicas: gauge("keelson_store_replicas", "How many servers keep the log."),
  durable: gauge("keelson_store_durable", "1 if what is acknowledged is on the disk of the server, or of most of them."),
  bytes: gauge("apiserver_storage_size_bytes", "Size of the storage database file physically allocated in bytes."),
  /** Upstream calls them so, and has called them so. */
  objects: gauge("apiserver_resource_objects", "How many objects there are, by group and resource."),
  stored: gauge("apiserver_storage_objects", "How many objects there are, by resource and group in one word.")
}

export const make = (name: LogName, table: Watched) => {
  let answered = 0
  let status: Status | undefined
  let reason = "the store has not answered yet"
  /** Since when the table has been behind. */
  let behind: number | undefined
  const measure = (now: number) => {
    behind = status === undefined || table.revision >= status.last ? undefined : (behind ?? now)
  }

  const report = Effect.fnUntraced(function* (now: number) {
    const labels = { log: name }
    yield* figures.revision(labels, table.revision)
    yield* figures.following(labels, table.following ? 1 : 0)
    yield* figures.late(labels, behind === undefined ? 0 : (now - behind) / 1000)
    yield* figures.silent(labels, (now - answered) / 1000)
    for (const [storage, objects] of table.sizes()) {
      const [resource = "", ...group] = storage.split(".")
      yield* figures.objects({ group: group.join("."), resource }, objects)
      yield* figures.stored({ resource: storage }, objects)
    }
    if (status === undefined) return
    yield* figures.lag(labels, Math.max(0, status.last - table.revision))
    yield* figures.compacted(labels, status.compacted)
    yield* figures.entries(labels, status.entries)
    yield* figures.replicas(labels, status.replicas)
    yield* figures.durable(labels, status.durable ? 1 : 0)
    yield* figures.bytes({ storage_cluster_id: name }, status.bytes)
  })

  const look = Effect.fnUntraced(function* (log: Log["Service"]) {
    const said = yield* Effect.result(Effect.timeout(log.status({ log: name }), every))
    const now = yield* Clock.currentTimeMillis
    if (said._tag === "Success") {
      status = said.success
      answered = now
    } else reason = said.failure.message
    measure(now)
    yield* report(now)
  })

  return {
    /** Looks once, and then for as long as the scope is open. */
    watch: (log: Log["Service"]) =>
      Effect.gen(function* () {
        answered = yield* Clock.currentTimeMillis
        yield* look(log)
        yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(every), look(log))))
      }),
    /** Why it is not ready; nothing if it is. */
    trouble: Effect.map(Clock.currentTimeMillis, (now) => {
      const longest = Duration.toMillis(patience)
      measure(now)
      if (table.fault !== undefined) return table.fault
      if (!table.following) return `the log ${name} is not being followed`
      if (now - answered > longest) return `the log ${name}: ${reason}`
      if (behind === undefined || now - behind <= longest) return undefined
      return `the log ${name}: this server is behind at ${table.revision} of ${status?.last}`
    })
  }
}
