/** A request that has, or waits for, seats of a priority level; and the queue that it is in. */
import type { ObjectPath } from "../Path.ts"
import type { Width } from "./Width.ts"

export type Refusal = "queue-full" | "concurrency-limit" | "time-out" | "cancelled"

export interface About {
  readonly user: string
  readonly verb: string
  readonly path: ObjectPath | undefined
  readonly text: string
}

export interface Ticket {
  readonly schema: string
  /** What tells the flows of a schema apart. */
  readonly distinguisher: string
  readonly hash: number
  /** Of the request itself; and of what follows it, for `lingers` milliseconds. */
  readonly seats: number
  readonly finalSeats: number
  readonly lingers: number
  /** For people who look into the queues. */
  readonly about: About
  /** Called when it has its seats, unless it got them at once. */
  started: () => void
  queue: Queue | undefined
  state: "waiting" | "running" | "done"
  arrived: number
  began: number
  /** The progress of the level when it came. */
  arrivedAt: number
}

export const ticketOf = ({
  about,
  distinguisher,
  hash,
  schema,
  width
}: Pick<Ticket, "about" | "distinguisher" | "hash" | "schema"> & { readonly width: Width }): Ticket => ({
  schema,
  distinguisher,
  hash,
  seats: width.seats,
  finalSeats: width.finalSeats,
  lingers: width.lingers,
  about,
  started: () => {},
  queue: undefined,
  state: "waiting",
  arrived: 0,
  began: 0,
  arrivedAt: 0
})

/** Virtual work is in seats times milliseconds. */
export interface Queue {
  readonly index: number
  readonly waiting: Array<Ticket>
  /** Seats times milliseconds of what waits. */
  work: number
  executing: number
  seats: number
  /** Where the level's progress will be when the next of this queue may begin. */
  next: number
}

export const queueOf = (index: number): Queue => ({ index, waiting: [], work: 0, executing: 0, seats: 0, next: 0 })

/** What a request is taken to last, before it is known: milliseconds. */
const estimate = 3

export const widthOf = ({ finalSeats, seats }: Ticket): number => Math.max(seats, finalSeats)
export const estimated = ({ finalSeats, lingers, seats }: Ticket): number => seats * estimate + finalSeats * lingers
export const actual = ({ finalSeats, lingers, seats }: Ticket, lasted: number): number =>
  seats * lasted + finalSeats * lingers
