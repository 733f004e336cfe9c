/** What one request has of its level: from its coming until it is done with, counted. */
import { Effect } from "effect"
import type { Flow } from "./Configuration.ts"
import { type Refusal, type Ticket, widthOf } from "./Queue.ts"

/** How long a request may wait, in milliseconds: a quarter of what it may take. */
const patience = 15_000

export class Seat {
  /** Why it was refused at once. */
  readonly refused: Refusal | undefined
  readonly flow: Flow
  private readonly ticket: Ticket
  private readonly isWatch: boolean
  /** All that wait, for those who look. */
  private readonly waiting: Set<Seat>

  constructor(flow: Flow, ticket: Ticket, isWatch: boolean, waiting: Set<Seat>) {
    this.flow = flow
    this.ticket = ticket
    this.isWatch = isWatch
    this.waiting = waiting
    flow.counts.seats.observe(widthOf(ticket))
    this.refused = flow.standing.level.enter(ticket)
    if (this.refused !== undefined) flow.counts.reject(this.refused)
    else if (!this.isWaiting) this.began()
  }

  get isWaiting() {
    return this.refused === undefined && this.ticket.state === "waiting"
  }

  /** Until it has its seats, or why it does not get them. */
  readonly wait = Effect.callback<Refusal | undefined>((resume) => {
    this.queued(1)
    const timer = setTimeout(() => {
      this.give("time-out")
      resume(Effect.succeed("time-out" as const))
    }, patience)
    this.ticket.started = () => {
      clearTimeout(timer)
      this.queued(-1)
      this.began()
      resume(Effect.undefined)
    }
    return Effect.sync(() => {
      clearTimeout(timer)
      if (this.ticket.state === "waiting") this.give("cancelled")
    })
  })

  /** The request is done with, or a watch has sent what there was. Called again, it does nothing. */
  readonly leave = () => {
    const { counts, standing } = this.flow
    if (this.ticket.state !== "running") return
    counts.executing--
    counts.executingSeats -= widthOf(this.ticket)
    const lasted = standing.level.time() - this.ticket.began
    counts.executed[this.isWatch ? "watch" : "regular"].observe(lasted / 1000)
    standing.level.leave(this.ticket)
  }

  /** How it looks to those who look into the queues. */
  get shown() {
    return this.ticket
  }

  private began() {
    const { counts, standing } = this.flow
    counts.dispatched++
    counts.executing++
    counts.executingSeats += widthOf(this.ticket)
    if (standing.level.queuing !== undefined) {
      counts.waited.true.observe((this.ticket.began - this.ticket.arrived) / 1000)
    }
  }

  private give(why: "time-out" | "cancelled") {
    const { counts, standing } = this.flow
    this.queued(-1)
    standing.level.cancel(this.ticket, why)
    counts.reject(why)
    counts.waited.false.observe((standing.level.time() - this.ticket.arrived) / 1000)
  }

  private queued(change: 1 | -1) {
    const { counts } = this.flow
    counts.inQueue += change
    counts.inQueueSeats += change * widthOf(this.ticket)
    if (change > 0) this.waiting.add(this)
    else this.waiting.delete(this)
  }
}
