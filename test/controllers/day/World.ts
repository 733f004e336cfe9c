/** What the judges of the day see: every change of every Pod in the order of the log, and all else as it is now. */
import { Effect } from "effect"
import { controllerOf, type Kind, type Resource, type ResourceDraft } from "../../../kernel/resource/Kind.ts"
import { Tables } from "../../../kernel/table/Tables.ts"
import { Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import { millisOf } from "../../../plugins/resources/contracts/Time.ts"

/** A Pod, as far as it matters to them. */
export interface Seen {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly labels: { readonly [name: string]: string }
  readonly annotations: { readonly [name: string]: string }
  readonly owner: { readonly kind: string; readonly name: string; readonly uid: string } | undefined
  readonly node: string
  /** Milliseconds of a processor. */
  readonly cpu: number
  readonly phase: string
  /** Since when it is ready; 0 when it is not. */
  readonly ready: number
  readonly created: number
  /** Since when it is to go; 0 when it may stay. */
  readonly going: number
}

const millicpu = (text: string) => (text.endsWith("m") ? Number(text.slice(0, -1)) : Number(text) * 1000)

const seenOf = ({ metadata, spec, status }: Pod): Seen => {
  const ready = status.conditions?.find(({ type }) => type === "Ready")
  const owner = controllerOf({ metadata })
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    uid: metadata.uid,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    owner,
    node: spec.nodeName ?? "",
    cpu: spec.containers.reduce((sum, { resources }) => sum + millicpu(`${resources?.requests?.["cpu"] ?? 0}`), 0),
    phase: status.phase ?? "Pending",
    ready: ready?.status === "True" ? millisOf(ready.lastTransitionTime) : 0,
    created: millisOf(metadata.creationTimestamp),
    going: millisOf(metadata.deletionTimestamp)
  }
}

export const isOver = ({ phase }: Seen) => phase === "Succeeded" || phase === "Failed"
/** Counts as one of those that its owner wants. */
export const isLive = (pod: Seen) => !isOver(pod) && pod.going === 0

/** Things by the value of something, without those that are gone. */
class Groups {
  private readonly groups = new Map<string, Map<string, Seen>>()
  move(from: string | undefined, before: Seen | undefined, to: string | undefined, after: Seen | undefined) {
    if (from !== undefined && before !== undefined) {
      const members = this.groups.get(from)
      members?.delete(before.uid)
      if (members?.size === 0) this.groups.delete(from)
    }
    if (to === undefined || after === undefined) return
    const members = this.groups.get(to) ?? new Map<string, Seen>()
    this.groups.set(to, members.set(after.uid, after))
  }
  of(group: string): ReadonlyArray<Seen> {
    return [...(this.groups.get(group)?.values() ?? [])]
  }
}

/** Told of a Pod as it was and as it is. */
export type Judge = (before: Seen | undefined, after: Seen | undefined) => void

export const make = Effect.gen(function* () {
  const tables = yield* Tables
  const byPath = new Map<string, Seen>()
  const owned = new Groups()
  const onNode = new Groups()
  const judges: Array<Judge> = []

  const change = (path: string, after: Seen | undefined) => {
    const before = byPath.get(path)
    // Another one under its name: the first is gone.
    if (before !== undefined && after !== undefined && before.uid !== after.uid) change(path, undefined)
    const same = byPath.get(path)
    if (after === undefined) byPath.delete(path)
    else byPath.set(path, after)
    owned.move(same?.owner?.uid, same, after?.owner?.uid, after)
    onNode.move(same?.node, same, after?.node, after)
    for (const judge of judges) judge(same, after)
  }

  /** What lies in a kind's storage is of that kind, hence the casts. */
  const all = <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>): ReadonlyArray<A> =>
    [...tables.of(kind).list("")].map(({ object }) => object as unknown as A)
  /** Told of each change of an object, in the order of the log. */
  const follow = <A extends Resource, D extends ResourceDraft>(
    kind: Kind<A, D>,
    tell: (path: string, after: A | undefined) => void
  ) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        tables.of(kind).watch({
          changed: (changes) => {
            for (const { after, path } of changes) tell(path, after?.object as unknown as A | undefined)
          },
          reset: () => undefined
        })
      ),
      (close) => Effect.sync(close)
    )

  yield* follow(Pod, (path, pod) => change(path, pod && seenOf(pod)))
  return {
    pods: () => byPath.values(),
    /** As it is now, if it is still there. */
    now: ({ name, namespace, uid }: Seen) => {
      const found = byPath.get(`${namespace}/${name}`)
      return found?.uid === uid ? found : undefined
    },
    owned: (uid: string) => owned.of(uid),
    onNode: (node: string) => onNode.of(node),
    judge: (judge: Judge) => {
      judges.push(judge)
    },
    all,
    follow
  }
})

export type World = Effect.Success<typeof make>

/** What was wrong first, and when. */
export class Verdict {
  readonly wrong: Array<string> = []
  private readonly clock: () => number
  constructor(clock: () => number) {
    this.clock = clock
  }
  readonly now = () => this.clock()
  say(what: string) {
    if (this.wrong.length < 20) this.wrong.push(`${new Date(this.now()).toISOString()} ${what}`)
  }
}
