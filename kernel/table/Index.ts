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
    if (before !== undefined) for (const value of this.of(before)) this.entries.get(value)?.delete(path)
    if (after === undefined) return
    for (const value of this.of(after)) {
      const found = this.entries.get(value) ?? new Map<string, A>()
      this.entries.set(value, found.set(path, after))
    }
  }
}
