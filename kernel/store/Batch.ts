/** Runs of entries. It knows no Effect, so that a thread which uses it starts at once. */
import type { Entry } from "./Log.ts"

/** Entries after a seq, and how far they go. `compacted` is how far the log was compacted when they were read. */
export interface Read {
  readonly entries: ReadonlyArray<Entry>
  readonly upTo: number
  readonly compacted: number
}

/** One pull is not larger than this, so that a replay neither fills a frame nor holds up who serves it. */
export const batch = { entries: 2000, bytes: 4 * 1024 * 1024 }

/** How many of the entries from `start` on make a batch. */
export const batchEnd = (entries: ReadonlyArray<Entry>, start: number) => {
  let end = start
  let bytes = 0
  while (end < entries.length && end - start < batch.entries && bytes < batch.bytes) bytes += entries[end++]!.bytes.length
  return end
}

/** All of the entries, a batch at a time. */
export function* batches(entries: ReadonlyArray<Entry>): Generator<ReadonlyArray<Entry>> {
  for (let start = 0; start < entries.length; ) {
    const end = batchEnd(entries, start)
    yield entries.slice(start, end)
    start = end
  }
}

/** Where the first entry after `seq` stands. */
export const indexAfter = (entries: ReadonlyArray<Entry>, seq: number) => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.seq > seq) high = middle
    else low = middle + 1
  }
  return low
}
