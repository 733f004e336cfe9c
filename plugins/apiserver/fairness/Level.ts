/**
 * One priority level: as many requests run at once as it has seats; of those that wait, the one whose queue has had the least so
 * far begins next, as if the queues were served bit by bit in turn. Plain synchronous code.
 * Source: KEP-1040, "Fair Queuing for Server Requests".
 */
import type { QueuingConfiguration } from "../../resources/contracts/flowcontrol/v1.ts"
import { deal } from "./Dealing.ts"
import { Demand } from "./Demand.ts"
import { actual, estimated, type Queue, queueOf, type Refusal, type Ticket, widthOf } from "./Queue.ts"

export class Level {
  readonly name: string
  readonly isExempt: boolean
  readonly queuing: QueuingConfiguration | undefined
  readonly queues: ReadonlyArray<Queue>
  readonly demand: Demand
  limit = 0
  seatsInUse = 0
  executing = 0
  waiting = 0
  seatsWaiting = 0
  /** Of its history, for people. */
  readonly count = { dispatched: 0, rejected: 0, timedOut: 0, cancelled: 0 }
  /** How far the round of all queues has come. */
  progress = 0
  private at: number
  private active = 0
  private readonly backlog = new Set<Queue>()
  private readonly hands = new Map<number, ReadonlyArray<number>>()
  private readonly now: () => number
  readonly time = () => this.now()

  constructor(
    about: {
      readonly name: string
      readonly isExempt: boolean
      /** Without it, what finds no seats is refused. */
      readonly queuing: QueuingConfiguration | undefined
    },
    now: () => number
  ) {
    this.name = about.name
    this.isExempt = about.isExempt
    this.queuing = about.queuing
    this.queues = Array.from({ length: about.queuing?.queues ?? 0 }, (_, index) => queueOf(index))
    this.now = now
    this.at = now()
    this.demand = new Demand(this.at)
  }

  /** More seats let those in that wait. */
  setLimit(seats: number) {
    this.advance()
    this.limit = seats
    this.dispatch()
  }

  /** Nothing: it runs, or waits until it is told by `started`. */
  enter(ticket: Ticket): Refusal | undefined {
    const now = this.advance()
    ticket.arrived = now
    if (this.isExempt) return this.run(ticket, now)
    if (this.queuing === undefined) {
      return this.hasRoom(widthOf(ticket)) ? this.run(ticket, now) : this.refuse("concurrency-limit")
    }
    const queue = this.choose(ticket.hash, this.queuing)
    if (queue.waiting.length >= this.queuing.queueLengthLimit && this.seatsInUse >= this.limit) {
      return this.refuse("queue-full")
    }
    this.enqueue(ticket, queue)
    this.dispatch()
    this.note(now)
    return undefined
  }

  /** Gives its seats back; those that its consequences need, a little later. */
  leave(ticket: Ticket) {
    if (ticket.state !== "running") return
    const now = this.advance()
    ticket.state = "done"
    this.executing--
    const { queue } = ticket
    if (queue !== undefined) {
      queue.executing--
      // What it took is charged, instead of what it was taken to take.
      queue.next -= estimated(ticket) - actual(ticket, now - ticket.began)
      if (queue.executing === 0 && queue.waiting.length === 0) this.active--
      bound(queue)
    }
    const width = widthOf(ticket)
    const kept = ticket.lingers > 0 ? ticket.finalSeats : 0
    this.release(queue, width - kept, now)
    if (kept > 0) setTimeout(() => this.release(queue, kept, this.advance()), ticket.lingers).unref()
  }

  /** Whoever waits for it has gone, or has waited long enough. */
  cancel(ticket: Ticket, why: "time-out" | "cancelled") {
    const { queue } = ticket
    if (ticket.state !== "waiting" || queue === undefined) return
    const now = this.advance()
    ticket.state = "done"
    queue.waiting.splice(queue.waiting.indexOf(ticket), 1)
    this.unqueued(ticket, queue)
    if (queue.executing === 0 && queue.waiting.length === 0) this.active--
    if (why === "time-out") this.count.timedOut++
    else this.count.cancelled++
    this.dispatch()
    this.note(now)
  }

  /** Whoever is first in the queue that has had the least. */
  private dispatch() {
    while (this.waiting > 0 && this.seatsInUse < this.limit) {
      let best: Queue | undefined
      let least = Number.POSITIVE_INFINITY
      for (const queue of this.backlog) {
        const [first] = queue.waiting
        if (first === undefined) continue
        const finish = queue.next + estimated(first)
        if (finish >= least) continue
        least = finish
        best = queue
      }
      const ticket = best?.waiting[0]
      // A wide one that is next waits until there is room: others would keep it out for ever.
      if (best === undefined || ticket === undefined || !this.hasRoom(widthOf(ticket))) return
      best.waiting.shift()
      this.unqueued(ticket, best)
      best.next += estimated(ticket)
      bound(best)
      best.executing++
      best.seats += widthOf(ticket)
      this.run(ticket, this.at)
      ticket.started()
    }
  }

  private enqueue(ticket: Ticket, queue: Queue) {
    if (queue.waiting.length === 0 && queue.executing === 0) {
      queue.next = this.progress
      this.active++
    }
    ticket.state = "waiting"
    ticket.queue = queue
    ticket.arrivedAt = this.progress
    queue.waiting.push(ticket)
    queue.work += estimated(ticket)
    this.backlog.add(queue)
    this.waiting++
    this.seatsWaiting += widthOf(ticket)
  }

  private unqueued(ticket: Ticket, queue: Queue) {
    queue.work -= estimated(ticket)
    this.waiting--
    this.seatsWaiting -= widthOf(ticket)
    if (queue.waiting.length === 0) this.backlog.delete(queue)
  }

  private run(ticket: Ticket, now: number): undefined {
    ticket.state = "running"
    ticket.began = now
    this.executing++
    this.seatsInUse += widthOf(ticket)
    this.count.dispatched++
    this.note(now)
  }

  private release(queue: Queue | undefined, seats: number, now: number) {
    this.seatsInUse -= seats
    if (queue !== undefined) queue.seats -= seats
    this.dispatch()
    this.note(now)
  }

  private refuse(why: Refusal) {
    this.count.rejected++
    return why
  }

  /** What is wider than the level has it to itself; one without seats lets nobody in. */
  private hasRoom(seats: number) {
    if (seats > this.limit) return this.limit > 0 && this.seatsInUse === 0
    return this.seatsInUse + seats <= this.limit
  }

  /** Of the flow's hand the queue with the least work before it. */
  private choose(hash: number, { handSize, queues }: QueuingConfiguration): Queue {
    let hand = this.hands.get(hash)
    if (hand === undefined) {
      if (this.hands.size > 10_000) this.hands.clear()
      hand = deal(hash, queues, handSize)
      this.hands.set(hash, hand)
    }
    let best: Queue | undefined
    for (const index of hand) {
      const queue = this.queues[index]
      if (queue === undefined) continue
      if (best === undefined || queue.work + queue.seats < best.work + best.seats) best = queue
    }
    // A level with queues has at least one, and a hand at least one card.
    return best ?? queueOf(0)
  }

  private note(now: number) {
    this.demand.set(this.seatsInUse + this.seatsWaiting, now)
  }

  /** The round goes as fast as the seats allow, and slower the more queues there are. */
  private advance(): number {
    const now = this.now()
    if (this.active > 0) {
      const busy = Math.min(this.seatsInUse + this.seatsWaiting, this.limit)
      this.progress += ((now - this.at) * busy) / this.active
    }
    this.at = now
    return now
  }
}

/** A queue does not save up what it did not use before its first request came. */
const bound = (queue: Queue) => {
  const [first] = queue.waiting
  if (first !== undefined && queue.next < first.arrivedAt) queue.next = first.arrivedAt
}
