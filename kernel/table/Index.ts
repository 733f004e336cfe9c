/** Objects by a value of theirs, and then by path. */
export class Index<A> {
  private readonly of: (object: A) => ReadonlyArray<string>
  private readonly entries = new Map<string, Map<string, A>>()
  constructor(of: (object: A) => ReadonlyArray<string>) {
    this.of = of
  }
  get(value: string): ReadonlyArray<A> {
    return [...(this.entries.get(value)?.values() ?? [])]
  }
  put(path: string, before: A | undefined, after: A | undefined) {
    if (before !== undefined) for (const value of this.of(before)) this.drop(value, path)
    if (after === undefined) return
    for (const value of this.of(after)) {
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
