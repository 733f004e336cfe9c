/**
 * How many seats a request takes: lists by what they have to bring together, writes by how many watches they are told to.
 * Source: "API Priority and Fairness", seats occupied by a request.
 */
import type { ObjectPath } from "../Path.ts"

export interface Width {
  readonly seats: number
  readonly finalSeats: number
  /** Milliseconds for which the final seats are kept after the answer. */
  readonly lingers: number
}

export const narrow: Width = { seats: 1, finalSeats: 0, lingers: 0 }

const most = { list: 100, write: 10 }
const bytesPerSeat = 100_000
const watchesPerSeat = 10
/** Milliseconds of a seat that the event of a write takes. */
const perEvent = 5

/** What is stored of a resource. */
export interface Stored {
  readonly count: number
  readonly bytes: number
}

/** The seats that a level gives to one request at most: a part of what it has, such that a flow's hand of them fits. */
export const widest = (nominal: number, handSize: number): number =>
  Math.max(1, Math.min(Math.ceil(nominal * 0.15), Math.floor(nominal / handSize)))

/** A watch that begins with all there is costs as much as the list. */
const beginsWithAll = (query: URLSearchParams) => {
  const since = query.get("resourceVersion") ?? ""
  return query.get("sendInitialEvents") === "true" || since === "" || since === "0"
}

const listed = (query: URLSearchParams, { bytes, count }: Stored, limit: number): Width => {
  if (count === 0) return narrow
  const asked = Number(query.get("limit") ?? 0)
  const objects = asked > 0 && asked < count ? asked : count
  const seats = Math.ceil((objects * (bytes / count)) / bytesPerSeat)
  return seats <= 1 ? narrow : { ...narrow, seats: Math.min(seats, most.list, limit) }
}

export interface Kept {
  readonly stored: (path: ObjectPath) => Stored
  readonly watches: (path: ObjectPath) => number
}

/** `limit`: see `widest`. */
export const widthOf = (
  verb: string,
  path: ObjectPath,
  query: URLSearchParams,
  limit: number,
  { stored, watches }: Kept
): Width => {
  switch (verb) {
    case "list":
      return path.name === "" ? listed(query, stored(path), limit) : narrow
    case "watch":
      return path.name === "" && beginsWithAll(query) ? listed(query, stored(path), limit) : narrow
    case "create":
    case "update":
    case "patch":
    case "delete": {
      // A token is made, and nobody who watches is told.
      const count = path.subresource === "token" ? 0 : watches(path)
      if (count < watchesPerSeat) return narrow
      const wanted = Math.ceil(count / watchesPerSeat)
      const finalSeats = Math.min(wanted, most.write, limit)
      return { seats: 1, finalSeats, lingers: (wanted * perEvent) / finalSeats }
    }
    default:
      return narrow
  }
}
