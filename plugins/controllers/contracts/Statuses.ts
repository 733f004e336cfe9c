/** Parts of statuses: conditions that keep the time of their last change, and numbers that are left out when they are 0. */

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

/** With the condition in its place; `lastTransitionTime` stays while the status does. `now` as in the API. */
export const withCondition = <C extends Condition>(
  conditions: ReadonlyArray<C> = [],
  condition: C,
  now: string
): ReadonlyArray<C> => {
  const before = conditions.find(({ type }) => type === condition.type)
  const since = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now
  const after = { ...condition, lastTransitionTime: since }
  return before === undefined
    ? [...conditions, after]
    : conditions.map((other) => (other.type === condition.type ? after : other))
}

export const withoutCondition = <C extends Condition>(conditions: ReadonlyArray<C> = [], type: string): ReadonlyArray<C> =>
  conditions.filter((condition) => condition.type !== type)

/** The wire leaves out what is 0. Only entries are left out, hence the cast. */
export const positive = <A extends { readonly [name: string]: number | undefined }>(numbers: A) =>
  Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined && value !== 0)) as {
    readonly [Name in keyof A]?: number
  }

export const sum = <A>(all: ReadonlyArray<A>, number: (one: A) => number | undefined) =>
  all.reduce((total, one) => total + (number(one) ?? 0), 0)
