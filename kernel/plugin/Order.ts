/** In which order plugins start: after those that offer what they need. */
import { Effect, Schema } from "effect"

export class CycleFound extends Schema.TaggedError<CycleFound>()("CycleFound", {
  /** Names of plugins: each needs what the next one offers, and the last one what the first one offers. */
  cycle: Schema.Array(Schema.String)
}) {
  override get message() {
    const next = (index: number) => this.cycle[(index + 1) % this.cycle.length]
    return `plugins need each other: ${this.cycle.map((name, index) => `${name} needs ${next(index)}`).join(", ")}`
  }
}

export interface Ordered {
  readonly name: string
  /** Keys of contracts. */
  readonly offers: ReadonlyArray<string>
  readonly needs: ReadonlyArray<string>
}

/** As they stand where needs do not say otherwise. What nobody here offers is offered elsewhere. */
export const order = <P extends Ordered>(plugins: ReadonlyArray<P>): Effect.Effect<ReadonlyArray<P>, CycleFound> =>
  Effect.suspend(() => {
    const providers = Map.groupBy(
      plugins.flatMap((plugin) => plugin.offers.map((key) => ({ key, plugin }))),
      ({ key }) => key
    )
    const done = new Set<P>()
    const path: Array<P> = []
    const visit = (plugin: P): CycleFound | undefined => {
      if (done.has(plugin)) return undefined
      const at = path.indexOf(plugin)
      if (at >= 0) return new CycleFound({ cycle: path.slice(at).map(({ name }) => name) })
      path.push(plugin)
      for (const key of plugin.needs) {
        for (const { plugin: provider } of providers.get(key) ?? []) {
          const found = provider === plugin ? undefined : visit(provider)
          if (found !== undefined) return found
        }
      }
      path.pop()
      done.add(plugin)
      return undefined
    }
    for (const plugin of plugins) {
      const found = visit(plugin)
      if (found !== undefined) return Effect.fail(found)
    }
    return Effect.succeed([...done])
  })
