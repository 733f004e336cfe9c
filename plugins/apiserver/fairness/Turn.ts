/** A request's turn at the door: until it may go on or is refused, and what is to be done when it has been answered. */
import { Effect } from "effect"
import type { Answer } from "../Answer.ts"
import type { Outgoing } from "../Exchange.ts"
import { type Fairness, headersOf, type Request } from "./Fairness.ts"
import type { Seat } from "./Seat.ts"

const named = /(?:^|,)metadata\.name==?([^,]+)/

/** A watch of one object hears of no other. */
const nameOf = (query: URLSearchParams) => named.exec(query.get("fieldSelector") ?? "")?.[1] ?? ""

export class Turn {
  private readonly fairness: Fairness
  private seat: Seat | undefined
  private forget: (() => void) | undefined

  constructor(fairness: Fairness) {
    this.fairness = fairness
  }

  /** The answer that refuses it, if it does not get its turn. Nothing is to be waited for where there are seats. */
  readonly take = (request: Request, outgoing: Outgoing): Effect.Effect<Answer | undefined> | undefined => {
    const seat = this.fairness.enter(request)
    this.seat = seat
    for (const [name, value] of headersOf(seat)) if (value !== "") outgoing.setHeader(name, value)
    if (request.isWatch && request.path !== undefined) {
      this.forget = this.fairness.watching.add(request.path, nameOf(request.query))
    }
    if (seat.refused !== undefined) return Effect.succeed(this.fairness.refusal(seat))
    if (!seat.isWaiting) return undefined
    return Effect.map(seat.wait, (refused) => (refused === undefined ? undefined : this.fairness.refusal(seat)))
  }

  /** A watch has sent what there was: from here on it costs what its events cost, which is charged to their writers. */
  readonly initialized = () => this.seat?.leave()

  readonly over = () => {
    this.seat?.leave()
    this.forget?.()
    this.forget = undefined
  }
}
