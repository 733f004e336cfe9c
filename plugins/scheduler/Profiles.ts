/** The profiles of a scheduler, by the name that Pods ask for. What others add at run time has a say in all of them. */
import type { Pod } from "../resources/contracts/core/v1.ts"
import { type Change, helps } from "./contracts/Changes.ts"
import type { Extension } from "./contracts/Extensions.ts"
import type { Plugin } from "./contracts/Framework.ts"
import * as Profile from "./Profile.ts"
import type { Rules } from "./Queue.ts"

interface Own {
  readonly extensions: ReadonlyArray<Extension>
  readonly percentage?: number
}

type Order = NonNullable<Plugin["queueSort"]>
const byTime: Order = (a, b) => a.since - b.since
const queueSortOf = (extensions: Iterable<Extension>) =>
  [...extensions].flatMap(({ plugin: { queueSort } }) => queueSort ?? [])

const hasQueue = ({ plugin: { preEnqueue, prepareEnqueue, queueSort } }: Extension) =>
  preEnqueue !== undefined || prepareEnqueue !== undefined || queueSort !== undefined

export class Profiles {
  private readonly own: ReadonlyMap<string, Own>
  private joined: ReadonlyArray<Extension>
  private profiles = new Map<string, Profile.Profile>()
  private order: Order

  constructor(own: ReadonlyMap<string, Own>, joined: ReadonlyArray<Extension> = []) {
    this.own = own
    this.joined = joined
    this.order = this.orderNow()
  }

  /** Others have a say now. Answers who has gone, and whether it makes a difference to who waits in the queue. */
  join(joined: ReadonlyArray<Extension>) {
    const before = this.joined
    const gone = before.filter((one) => !joined.includes(one))
    const came = joined.filter((one) => !before.includes(one))
    this.joined = joined
    this.profiles = new Map()
    this.order = this.orderNow()
    return { gone: new Set(gone.map(({ plugin }) => plugin.name)), isQueue: [...gone, ...came].some(hasQueue) }
  }

  /** Nothing: another program's Pods. */
  of({ spec: { schedulerName } }: Pod): Profile.Profile | undefined {
    const known = this.profiles.get(schedulerName)
    const own = this.own.get(schedulerName)
    if (known !== undefined || own === undefined) return known
    const made = Profile.make(schedulerName, own.extensions, own.percentage, this.joined)
    this.profiles.set(schedulerName, made)
    return made
  }

  /** One queue has one order: that of the plugin that has joined last with one, or else of the first profile. */
  private orderNow(): Order {
    const [first] = this.own.values()
    return queueSortOf(this.joined).at(-1) ?? queueSortOf(first?.extensions ?? [])[0] ?? byTime
  }

  get rules(): Rules {
    return {
      order: (a, b) => this.order(a, b),
      isAsked: (pod) => (this.of(pod)?.at("prepareEnqueue").length ?? 0) > 0,
      gate: (pod) =>
        this.of(pod)
          ?.at("preEnqueue")
          .find(({ preEnqueue }) => preEnqueue(pod) !== undefined)?.name,
      helps: (pod, by, change) =>
        this.of(pod)?.plugins.some((plugin) => by.has(plugin.name) && hopes(plugin, pod, change)) === true
    }
  }
}

/** What a plugin without hints refused is tried again whatever happens; one that only keeps Pods out may also say when by itself. */
const hopes = ({ again, hints, preFilter }: Plugin, pod: Pod, change: Change) =>
  hints === undefined ? again === undefined || preFilter !== undefined : hints.some((hint) => helps(hint, pod, change))
