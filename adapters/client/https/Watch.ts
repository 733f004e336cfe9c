/**
 * A watch that does not end: it begins with all there is, goes on from the last revision when a connection is lost, and begins
 * again when the server has forgotten that revision. Source: API concepts, "Efficient detection of changes", "Streaming lists".
 */
import { Duration, Effect, Queue, Random, Result, type Scope, Stream } from "effect"
import { StringDecoder } from "node:string_decoder"
import type { Readable } from "node:stream"
import { Api, type WatchBatch, type WireObject } from "../../../kernel/client/Api.ts"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import { type Failure, fromStatus, messageOf } from "../../../kernel/client/Status.ts"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Paths from "./Paths.ts"

type Selection = Parameters<Api["Service"]["watch"]>[0]
type Batch = typeof WatchBatch.Type
type Event = Batch["events"][number]

export interface Calls {
  /** The body of an answer that was no failure. */
  readonly open: (path: string, selection: Selection) => Effect.Effect<Readable, Failure, Scope.Scope>
  readonly list: (
    selection: Selection
  ) => Effect.Effect<{ readonly revision: number; readonly items: ReadonlyArray<WireObject> }, Failure>
}

interface Told {
  readonly type: string
  readonly object: WireObject
}

const revisionOf = (object: WireObject) => Number(Paths.textOf(Paths.fieldsOf(object["metadata"])["resourceVersion"]))
const isInitialEnd = (object: WireObject) =>
  Paths.fieldsOf(Paths.fieldsOf(object["metadata"])["annotations"])["k8s.io/initial-events-end"] === "true"

/** One JSON document a line; each chunk gives the lines that it completes. */
const lines = () => {
  const decoder = new StringDecoder("utf8")
  let rest = ""
  return (chunk: Buffer): ReadonlyArray<Told> => {
    const all = (rest + decoder.write(chunk)).split("\n")
    rest = all.pop() ?? ""
    return all.flatMap((line) => {
      if (line.trim() === "") return []
      const { object, type } = Paths.fieldsOf(JSON.parse(line))
      return [{ type: Paths.textOf(type), object: Paths.fieldsOf(object) }]
    })
  }
}

const longest = 30_000
const pause = (failures: number) =>
  Effect.flatMap(Random.nextBetween(0.5, 1), (part) =>
    failures <= 0 ? Effect.void : Effect.sleep(Duration.millis(part * Math.min(longest, 100 * 2 ** failures)))
  )

/** What another try may mend. */
const isPassing = ({ _tag }: Failure) => _tag === "Unavailable" || _tag === "TooManyRequests" || _tag === "Unauthorized"
/** How a server may say that it does not know an option. */
const isRefusal = ({ _tag }: Failure) => _tag === "Invalid" || _tag === "BadRequest"

const cutOff = (cause: unknown) => new Unavailable({ contract: Api.key, applied: "no", cause })
const noStreamingLists = new BadRequest({ detail: "a bookmark that ends nothing: streaming lists are not supported" })

/** What one connection tells, as batches; none as long as the snapshot is not complete. */
const reader = (selection: Selection, isNew: boolean) => {
  const read = lines()
  let initial: Array<WireObject> | undefined = isNew ? [] : undefined
  const eventOf = ({ object, type }: Told): Result.Result<ReadonlyArray<Event>, Failure> => {
    if (type === "ERROR") return Result.fail(fromStatus(object, { ...selection, name: "" }))
    if (type !== "BOOKMARK") {
      if (initial === undefined) return Result.succeed([{ _tag: type === "DELETED" ? "Deleted" : "Applied", object }])
      initial.push(object)
    } else if (initial !== undefined) {
      if (!isInitialEnd(object)) return Result.fail(noStreamingLists)
      const objects = initial
      initial = undefined
      return Result.succeed([{ _tag: "Snapshot", objects }])
    }
    return Result.succeed([])
  }
  return (chunk: Buffer): Result.Result<Batch | undefined, Failure> =>
    Result.gen(function* () {
      const told = yield* Result.try({ try: () => read(chunk), catch: cutOff })
      const last = told.at(-1)
      const events: Array<Event> = []
      for (const one of told) events.push(...(yield* eventOf(one)))
      return initial === undefined && last !== undefined ? { revision: revisionOf(last.object), events } : undefined
    })
}

export const make = ({ list, open }: Calls) => {
  /** Reads one connection until it ends. Without `since` it begins with all there is. */
  const read = Effect.fnUntraced(function* (
    selection: Selection,
    since: number | undefined,
    seen: (batch: Batch) => Effect.Effect<unknown>
  ) {
    const timeoutSeconds = yield* Random.nextIntBetween(290, 590)
    const begin = since === undefined ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" } : {}
    const about = { ...Paths.selectors(selection), watch: true, allowWatchBookmarks: true, timeoutSeconds }
    const path = Paths.collection(selection, { ...about, ...begin, resourceVersion: since })
    const body = yield* open(path, selection)
    const batchOf = reader(selection, since === undefined)
    const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
    const next = Effect.tryPromise({ try: () => chunks.next(), catch: cutOff })
    for (;;) {
      const chunk = yield* Effect.timeoutOrElse(next, {
        duration: Duration.seconds(timeoutSeconds + 30),
        orElse: () => Effect.fail(cutOff("it does not end when it should"))
      })
      if (chunk.done === true) return
      const batch = yield* Effect.fromResult(batchOf(chunk.value))
      if (batch !== undefined) yield* seen(batch)
    }
  }, Effect.scoped)

  const snapshot = (selection: Selection) =>
    Effect.map(
      list(selection),
      ({ items, revision }): Batch => ({ revision, events: [{ _tag: "Snapshot", objects: items }] })
    )

  const follow = Effect.fnUntraced(function* (selection: Selection, offer: (batch: Batch) => Effect.Effect<unknown>) {
    let since: number | undefined
    let [hasBegun, isStreaming] = [false, true]
    let failures = 0
    const seen = (batch: Batch) => {
      since = batch.revision
      hasBegun = true
      failures = 0
      return offer(batch)
    }
    for (;;) {
      const isList = since === undefined && !isStreaming
      const once = isList ? Effect.flatMap(snapshot(selection), seen) : read(selection, since, seen)
      const result = yield* Effect.result(once)
      failures = isList && Result.isSuccess(result) ? 0 : failures + 1
      if (Result.isFailure(result)) {
        const { failure } = result
        if (failure._tag === "Expired") since = undefined
        else if (since === undefined && isStreaming && isRefusal(failure)) [isStreaming, failures] = [false, 0]
        else if (!hasBegun || !isPassing(failure)) return yield* Effect.fail(failure)
        yield* Effect.logDebug(`a watch of ${selection.resource} goes on: ${messageOf(failure)}`)
      }
      // A server that ends a watch in good order is asked again at once, the first time.
      yield* pause(failures - 1)
    }
  })

  return (selection: Selection): Stream.Stream<Batch, Failure> =>
    Stream.callback<Batch, Failure>((queue) => follow(selection, (batch) => Queue.offer(queue, batch)), { bufferSize: 16 })
}
