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

const isSame = (a: ReadonlyArray<Extension>, b: ReadonlyArray<Extension>) =>
  a.length === b.length && a.every((one, index) => one === b[index])

export class Profiles {
  private readonly own: ReadonlyMap<string, Own>
  private readonly added: () => ReadonlyArray<Extension>
  private joined: ReadonlyArray<Extension> = []
  private profiles = new Map<string, Profile.Profile>()

  constructor(own: ReadonlyMap<string, Own>, added: () => ReadonlyArray<Extension>) {
    this.own = own
    this.added = added
  }

  /** Nothing: another program's Pods. */
  of({ spec: { schedulerName } }: Pod): Profile.Profile | undefined {
    const joined = this.added()
    if (!isSame(joined, this.joined)) {
      this.joined = joined
      this.profiles = new Map()
    }
    const known = this.profiles.get(schedulerName)
    const own = this.own.get(schedulerName)
    if (known !== undefined || own === undefined) return known
    const made = Profile.make(schedulerName, [...own.extensions, ...joined], own.percentage)
    this.profiles.set(schedulerName, made)
    return made
  }

  /** One queue has one order: that of the first profile. */
  get rules(): Rules {
    const [first] = this.own.values()
    return {
      order: Profile.orderOf(Profile.make("", first?.extensions ?? [])),
      gate: (pod) =>
        this.of(pod)
          ?.at("preEnqueue")
          .find(({ preEnqueue }) => preEnqueue(pod) !== undefined)?.name,
      helps: (pod, by, change) =>
        this.of(pod)?.plugins.some((plugin) => by.has(plugin.name) && hopes(plugin, pod, change)) === true
    }
  }
}

/** What a plugin without hints refused is tried again whatever happens. */
const hopes = ({ hints, preEnqueue, preFilter }: Plugin, pod: Pod, change: Change) => {
  if (hints !== undefined) return hints.some((hint) => helps(hint, pod, change))
  return preEnqueue === undefined || preFilter !== undefined
}
