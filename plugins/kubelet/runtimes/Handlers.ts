/** Which of several runtimes serves a handler. */
import type { Effect } from "effect"
import type { ContainerRuntime, Handler } from "../contracts/ContainerRuntime.ts"

export type Description = Effect.Success<ReturnType<ContainerRuntime["Service"]["describe"]>>

/** A runtime by its name on this node, and what it says of itself. */
export interface Described {
  readonly key: string
  readonly about: Description
}

export interface Target {
  readonly key: string
  /** As the runtime itself calls it; empty: its own default. */
  readonly handler: string
}

/**
 * All handlers of a node whose first runtime is the default one. A runtime's name on the node is a handler, its name in ids of containers too,
 * and each of those that it describes: one that an earlier runtime has is reached as `<runtime>-<handler>`.
 */
export const table = (runtimes: ReadonlyArray<Described>): ReadonlyMap<string, Target> => {
  const found = new Map<string, Target>()
  const offer = (name: string, key: string, handler: string) => {
    if (!found.has(name)) found.set(name, { key, handler })
  }
  for (const { key } of runtimes.slice(0, 1)) offer("", key, "")
  for (const { key } of runtimes) offer(key, key, "")
  for (const { about, key } of runtimes) offer(about.name, key, "")
  for (const { about, key } of runtimes) {
    for (const { name } of about.handlers) if (name !== "") offer(found.has(name) ? `${key}-${name}` : name, key, name)
  }
  return found
}

/** The same as one runtime describes its handlers. */
export const describe = (runtimes: ReadonlyArray<Described>): ReadonlyArray<Handler> =>
  Array.from(table(runtimes), ([name, { handler, key }]) => {
    const about = runtimes.find((one) => one.key === key)?.about
    const own = about?.handlers.find((one) => one.name === handler)
    return {
      name,
      ...(about && { runtime: { name: about.name, version: about.version } }),
      ...(own?.features && { features: own.features })
    }
  })
