/**
 * Chooses devices of a node for claims: one device after the other, back to an earlier choice where there is none left, and the first
 * choice that satisfies all is taken. Pure; the order is that of requests, of options, of pools by name, and of their devices.
 */
import type { Quantity } from "../../../../kernel/resource/Quantity.ts"
import type { Node } from "../../../resources/contracts/core/v1.ts"
import type { DeviceClass, ResourceClaim } from "../../../resources/contracts/resource/v1.ts"
import { Counters, taking } from "./Capacity.ts"
import type { Candidate, Inventory, Pool } from "../../devices/Inventory.ts"
import type { Ledger } from "../../devices/Ledger.ts"
import { attributeOf, type Chosen, isAllowed, isTainted, isWanted, Mistake, type Option, optionsOf } from "./Requests.ts"

/** A device for a claim, and how much of it, where it is shared. */
export interface Choice extends Chosen {
  readonly consumed: ReadonlyMap<string, Quantity> | undefined
}
/** For each claim in turn. */
export type Allocation = ReadonlyArray<ReadonlyArray<Choice>>

/** Source: resource.k8s.io/v1, AllocationResultsMaxSize. */
const most = 32
/** So many devices are tried for one node, which takes some 50 ms; then there may be an answer, but nobody waits for it. */
const patience = 20_000

export interface Around {
  readonly inventory: Inventory
  readonly ledger: Ledger
  readonly classOf: (name: string) => DeviceClass | undefined
}

/** An option with how many devices it takes, and which if it takes all. */
interface Want extends Option {
  readonly devices: number
  readonly all: ReadonlyArray<Candidate> | undefined
  /** Whether the candidates, by their numbers, will do as far as nothing else is chosen. */
  readonly known: Array<boolean | undefined>
}

const none: ReadonlySet<string> = new Set()

class Search {
  private readonly chosen: ReadonlyArray<Array<Choice>>
  private readonly counters: Counters
  private readonly usable: ReadonlyArray<Candidate>
  private readonly claims: ReadonlyArray<ResourceClaim>
  private readonly around: Around
  private readonly pools: ReadonlyArray<Pool>
  private wants: ReadonlyArray<ReadonlyArray<ReadonlyArray<Want>>> = []
  private readonly likeness = new Map<Candidate, string>()
  private left = patience

  constructor(claims: ReadonlyArray<ResourceClaim>, node: Node, around: Around) {
    this.claims = claims
    this.around = around
    this.pools = around.inventory.on(node)
    this.usable = this.pools.flatMap((pool) => (pool.isIncomplete || pool.mistake !== undefined ? [] : pool.candidates))
    this.counters = new Counters(around.inventory, around.ledger)
    this.chosen = claims.map(() => [])
  }

  run(): Allocation | Mistake | undefined {
    const wants: Array<ReadonlyArray<ReadonlyArray<Want>>> = []
    for (const claim of this.claims) {
      const requests: Array<ReadonlyArray<Want>> = []
      for (const request of claim.spec.devices?.requests ?? []) {
        const options: Array<Want> = []
        for (const option of optionsOf(request)) {
          const want = this.want(claim, option)
          if (want instanceof Mistake) return want
          options.push(want)
        }
        requests.push(options)
      }
      wants.push(requests)
    }
    this.wants = wants
    const found = this.request(0, 0)
    if (found instanceof Mistake) return found
    if (found) return this.chosen
    return this.pools.some(({ mistake }) => mistake !== undefined) ? invalid : undefined
  }

  /** Who asks for all has to know all. */
  private want(claim: ResourceClaim, option: Option): Want | Mistake {
    if (!option.isAll) return { ...option, devices: option.count, all: undefined, known: [] }
    const all: Array<Candidate> = []
    for (const pool of this.pools) {
      const asks = `claim ${nameOf(claim)}, request ${option.name}: asks for all devices, but resource pool ${pool.id} is currently`
      if (pool.isIncomplete) return new Mistake(`${asks} being updated`)
      if (pool.mistake !== undefined) return new Mistake(`${asks} invalid`)
      for (const candidate of pool.candidates) {
        const wanted = this.isWanted(claim, option, candidate)
        if (wanted instanceof Mistake) return wanted
        if (wanted && this.takes(option, candidate, false) !== undefined) all.push(candidate)
      }
    }
    return { ...option, devices: all.length, all, known: [] }
  }

  /** From a request of a claim on. */
  private request(claim: number, request: number): boolean | Mistake {
    const requests = this.wants[claim]
    if (requests === undefined) return true
    const options = requests[request]
    if (options === undefined) return this.request(claim + 1, 0)
    for (const want of options) {
      const found = this.device(claim, request, want, 0, 0, none)
      if (found !== false) return found
    }
    return false
  }

  /**
   * One more device, none of those before `from`: which of equals comes first is all the same. `before`: what led nowhere in place of an
   * earlier one will lead nowhere here, nor will others like it.
   */
  private device(
    claim: number,
    request: number,
    want: Want,
    taken: number,
    from: number,
    before: ReadonlySet<string>
  ): boolean | Mistake {
    if (want.all?.length === 0) return false
    if (taken === want.devices) return this.request(claim, request + 1)
    if ((this.chosen[claim]?.length ?? 0) + want.devices - taken > most) return false
    const candidates = want.all ?? this.usable
    const until = want.all === undefined ? candidates.length - (want.devices - taken - 1) : from + 1
    const dead = new Set(before)
    for (let index = from; index < until; index++) {
      const candidate = candidates[index]
      if (candidate === undefined) return false
      if (this.left-- <= 0) return late
      if (dead.size > 0 && dead.has(this.likenessOf(candidate))) continue
      const choice = this.choice(claim, want, index, candidate)
      if (choice instanceof Mistake) return choice
      if (choice === undefined) continue
      this.chosen[claim]?.push(choice)
      const found = this.device(claim, request, want, taken + 1, index + 1, dead)
      if (found !== false) return found
      this.chosen[claim]?.pop()
      if (this.drawsOnCounters(candidate)) this.counters.giveBack(candidate)
      dead.add(this.likenessOf(candidate))
    }
    return false
  }

  private choice(index: number, want: Want, number: number, candidate: Candidate): Choice | Mistake | undefined {
    const claim = this.claims[index]
    const chosen = this.chosen[index]
    if (claim === undefined || chosen === undefined) return undefined
    const known = want.known[number] ?? this.wouldDo(claim, want, candidate)
    if (known instanceof Mistake) return known
    want.known[number] = known
    if (!known || this.isChosen(index, want, candidate)) return undefined
    const consumed = isShared(candidate) ? this.takes(want, candidate, true) : undefined
    if (isShared(candidate) && consumed === undefined) return undefined
    const choice = { option: want, candidate, consumed }
    const { constraints = [] } = claim.spec.devices ?? {}
    if (!constraints.every((constraint) => isAllowed(constraint, choice, chosen)))
      return want.all === undefined
        ? undefined
        : new Mistake(
            `claim ${nameOf(claim)}, request ${want.name}: cannot add device ${candidate.id} because a claim constraint would not be satisfied`
          )
    return this.drawsOnCounters(candidate) && !this.counters.take(candidate) ? undefined : choice
  }

  /** If nothing else were chosen. */
  private wouldDo(claim: ResourceClaim, want: Want, candidate: Candidate): boolean | Mistake {
    if (!isShared(candidate) && !want.isAdmin && this.around.ledger.isTaken(candidate.id)) return false
    const wanted = want.all !== undefined || this.isWanted(claim, want, candidate)
    if (wanted !== true) return wanted
    return !isTainted(candidate, want) && this.takes(want, candidate, false) !== undefined
  }

  /** Equal for devices that do each other's work: for all requests, constraints and counters, and whether they are taken here. */
  private likenessOf(candidate: Candidate): string {
    const known = this.likeness.get(candidate) ?? this.likenessBySelf(candidate)
    this.likeness.set(candidate, known)
    return this.chosen.some((choices) => choices.some((one) => one.candidate === candidate)) ? `${known} taken` : known
  }

  private likenessBySelf(candidate: Candidate): string {
    const { consumesCounters } = candidate.device
    if (isShared(candidate)) return candidate.id
    const parts: Array<unknown> = consumesCounters === undefined ? [] : [candidate.pool.id, consumesCounters]
    for (const [index, claim] of this.claims.entries()) {
      for (const want of this.wants[index]?.flat() ?? []) {
        const verdict = want.all?.includes(candidate) ?? this.wouldDo(claim, want, candidate)
        if (verdict instanceof Mistake) return candidate.id
        parts.push(verdict)
      }
      for (const { distinctAttribute, matchAttribute = distinctAttribute ?? "" } of claim.spec.devices?.constraints ?? [])
        parts.push(attributeOf(candidate, matchAttribute))
    }
    return JSON.stringify(parts)
  }

  /** Who looks after a device may do so for several claims. */
  private isChosen(claim: number, { isAdmin }: Want, candidate: Candidate): boolean {
    if (isShared(candidate)) return false
    const has = (choices: ReadonlyArray<Choice> = []) => choices.some((one) => one.candidate === candidate)
    return isAdmin ? has(this.chosen[claim]) : this.chosen.some(has)
  }

  private isWanted(claim: ResourceClaim, option: Option, candidate: Candidate): boolean | Mistake {
    const { className, name } = option
    const found = this.around.classOf(className)
    if (found !== undefined) return isWanted(candidate, option, found, claim)
    return new Mistake(`claim ${nameOf(claim)}, request ${name}: could not retrieve device class ${className}`)
  }

  /** `now`: with what has been chosen so far. */
  private takes(option: Option, candidate: Candidate, now: boolean) {
    const before = this.around.ledger.consumedOf(candidate.id)
    const own = now ? this.chosen.flat().filter((one) => one.candidate.id === candidate.id) : []
    const used = (name: string) =>
      own.reduce((sum, { consumed }) => sum + (consumed?.get(name)?.nanos ?? 0n), before?.get(name) ?? 0n)
    return taking(candidate, option, used)
  }

  /** Of a device that is shared the counters are taken once. */
  private drawsOnCounters(candidate: Candidate) {
    if ((candidate.device.consumesCounters ?? []).length === 0) return false
    if (!isShared(candidate)) return true
    return (
      !this.around.ledger.isTouched(candidate.id) && !this.chosen.flat().some((one) => one.candidate.id === candidate.id)
    )
  }
}

const nameOf = ({ metadata }: ResourceClaim) => `${metadata.namespace}/${metadata.name}`
const isShared = ({ device }: Candidate) => device.allowMultipleAllocations === true

/** These concern one node: another may do. */
export const late = new Mistake("timed out trying to allocate devices")
export const invalid = new Mistake("invalid resource pools were encountered")

/** The devices for each claim; nothing, where the node has none left; or what is wrong. */
export const allocate = (claims: ReadonlyArray<ResourceClaim>, node: Node, around: Around) =>
  new Search(claims, node, around).run()
