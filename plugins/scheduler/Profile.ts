/** A scheduler among several in one program: its name, and which plugins have a say for the Pods that name it. */
import type { Extension } from "./contracts/Extensions.ts"
import type { Plugin } from "./contracts/Framework.ts"
import { Remembered } from "./Remembered.ts"

type With<Point extends keyof Plugin> = Plugin & { readonly [_ in Point]-?: NonNullable<Plugin[Point]> }
const has =
  <Point extends keyof Plugin>(point: Point) =>
  (plugin: Plugin): plugin is With<Point> =>
    plugin[point] !== undefined

export interface Profile {
  readonly name: string
  /** How many percent of the nodes are enough; 0: by the size of the cluster. */
  readonly percentage: number
  readonly plugins: ReadonlyArray<Plugin>
  readonly remembered: Remembered
  readonly prepares: ReadonlyArray<With<"prepare">>
  readonly prepareScores: ReadonlyArray<With<"prepareScore">>
  readonly preFilters: ReadonlyArray<With<"preFilter">>
  readonly scores: ReadonlyArray<{ readonly plugin: With<"preScore">; readonly weight: number }>
  readonly at: <Point extends keyof Plugin>(point: Point) => ReadonlyArray<With<Point>>
}

/** The order of the plugins is the order in which they are asked, those that have joined last; but these may bind before the others. */
export const make = (
  name: string,
  own: ReadonlyArray<Extension>,
  percentage = 0,
  joined: ReadonlyArray<Extension> = []
): Profile => {
  const extensions = [...own, ...joined]
  const plugins = extensions.map(({ plugin }) => plugin)
  const binding = [...joined, ...own].map(({ plugin }) => plugin)
  const points = new Map<keyof Plugin, ReadonlyArray<Plugin>>()
  const at = <Point extends keyof Plugin>(point: Point): ReadonlyArray<With<Point>> => {
    const isThere = has(point)
    const known = points.get(point) ?? (point === "bind" ? binding : plugins).filter(isThere)
    points.set(point, known)
    // Nobody else has filled it, hence the cast.
    return known as ReadonlyArray<With<Point>>
  }
  const scores = extensions.flatMap(({ plugin, weight = 1 }) => (has("preScore")(plugin) ? [{ plugin, weight }] : []))
  return {
    name,
    percentage,
    plugins,
    remembered: new Remembered(),
    prepares: plugins.filter(has("prepare")),
    prepareScores: plugins.filter(has("prepareScore")),
    preFilters: plugins.filter(has("preFilter")),
    scores,
    at
  }
}
