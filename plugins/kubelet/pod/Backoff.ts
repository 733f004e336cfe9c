/** How long to leave alone what has failed: twice as long each time, forgotten when it was well for long enough. */
export interface Backoff {
  /** Until when, counted from the failure. */
  readonly failed: (key: string, at: number) => number
  readonly forget: (key: string) => void
  readonly delayOf: (key: string) => number
}

export const make = (initial: number, maximum: number): Backoff => {
  const delays = new Map<string, { readonly delay: number; readonly at: number }>()
  return {
    failed: (key, at) => {
      const before = delays.get(key)
      const fresh = before === undefined || at - before.at > 2 * maximum
      const delay = fresh ? initial : Math.min(before.delay * 2, maximum)
      delays.set(key, { delay, at })
      return at + delay
    },
    forget: (key) => delays.delete(key),
    delayOf: (key) => delays.get(key)?.delay ?? 0
  }
}
