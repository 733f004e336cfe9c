/** What a container was given of several resources, as one: of two that say different things, the first counts. */
import type { Given } from "../contracts/NodeDevices.ts"

const by = <A>(all: ReadonlyArray<A>, key: (one: A) => string): ReadonlyArray<A> => {
  const found = new Map<string, A>()
  for (const one of all) if (!found.has(key(one))) found.set(key(one), one)
  return [...found.values()]
}

export const merged = (all: ReadonlyArray<Given>): Given => {
  const latestFirst = all.toReversed()
  return {
    env: Object.assign({}, ...latestFirst.map(({ env }) => env)),
    mounts: by(
      all.flatMap(({ mounts }) => mounts),
      ({ containerPath }) => containerPath
    ),
    devices: by(
      all.flatMap(({ devices }) => devices),
      ({ containerPath }) => containerPath
    ),
    annotations: Object.assign({}, ...latestFirst.map(({ annotations }) => annotations)),
    cdiDevices: [...new Set(all.flatMap(({ cdiDevices }) => cdiDevices))]
  }
}
