/** Objects by a value of theirs, and then by path. */
export class Index<A> {
  private readonly of: (object: A) => ReadonlyArray<string>
  private readonly entries = new Map<string, Map<string, A>>()
  /** What each path has, so that nobody has to read what was there before. */
  private readonly values = new Map<string, ReadonlyArray<string>>()
  constructor(of: (object: A) => ReadonlyArray<string>) {
    this.of = of
  }
  get(value: string): ReadonlyArray<A> {
    const found = this.entries.get(value)
    return found === undefined ? [] : [...found.values()]
  }
  count(value: string) {
    return this.entries.get(value)?.size ?? 0
  }
  put(path: string, after: A | undefined) {
    const before = this.values.get(path) ?? none
    const values = after === undefined ? none : this.of(after)
    for (const value of before) if (!values.includes(value)) this.drop(value, path)
    if (values.length > 0) this.values.set(path, values)
    else if (before.length > 0) this.values.delete(path)
    if (after === undefined) return
    for (const value of values) {
      const found = this.entries.get(value) ?? new Map<string, A>()
      this.entries.set(value, found.set(path, after))
    }
  }

  get size() {
    return this.entries.size
  }

  /** A value without objects goes: uids never come again. */
  private drop(value: string, path: string) {
    const found = this.entries.get(value)
    if (found?.delete(path) === true && found.size === 0) this.entries.delete(value)
  }
}

const none: ReadonlyArray<string> = []
