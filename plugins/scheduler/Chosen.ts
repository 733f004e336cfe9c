/** Which plugins of those that there are have a say in a profile, at which points, and with which weight. */
import { BadConfiguration, type Plugins, type Point, type PluginSet, points } from "./Configuration.ts"
import type { Extension } from "./contracts/Extensions.ts"
import type { Plugin } from "./contracts/Framework.ts"

/** Pre-filter and filter are one function here, as are pre-score and score. */
const functions: { readonly [_ in Point]: ReadonlyArray<keyof Plugin> } = {
  preEnqueue: ["preEnqueue"],
  queueSort: ["queueSort"],
  preFilter: ["preFilter"],
  filter: ["preFilter"],
  postFilter: ["postFilter"],
  preScore: ["preScore"],
  score: ["preScore"],
  reserve: ["reserve", "unreserve"],
  permit: ["permit"],
  preBind: ["preBind"],
  bind: ["bind"],
  postBind: ["postBind"]
}

const isOff = ({ disabled = [], enabled = [] }: PluginSet, name: string) =>
  disabled.some((one) => one.name === "*" || one.name === name) && !enabled.some((one) => one.name === name)

const isOn = ({ enabled = [] }: PluginSet, name: string) => enabled.some((one) => one.name === name)

const without = (plugin: Plugin, names: ReadonlySet<keyof Plugin>): Plugin => {
  const { name, ...rest } = plugin
  const left = Object.fromEntries(Object.entries(rest).filter(([key]) => ![...names].some((one) => one === key)))
  return { ...left, name }
}

/** What the sets leave of a plugin. */
const cut = (plugin: Plugin, plugins: Plugins): Plugin => {
  const isOut = isOff(plugins.multiPoint ?? {}, plugin.name)
  const off = points.filter((point) => {
    const set = plugins[point] ?? {}
    return isOff(set, plugin.name) || (isOut && !isOn(set, plugin.name))
  })
  const kept = new Set(
    points.filter((point) => isOn(plugins[point] ?? {}, plugin.name)).flatMap((point) => functions[point])
  )
  const gone = new Set(off.flatMap((point) => functions[point]).filter((one) => !kept.has(one)))
  return gone.size === 0 ? plugin : without(plugin, gone)
}

const weightOf = (plugins: Plugins, name: string) =>
  [plugins.score, plugins.multiPoint]
    .flatMap((set) => set?.enabled ?? [])
    .find((one) => one.name === name && one.weight !== undefined)?.weight

/** Those that are named come first, as they are named. */
const rank = ({ enabled = [] }: PluginSet, name: string) => {
  const at = enabled.findIndex((one) => one.name === name)
  return at < 0 ? enabled.length : at
}

export const choose = (
  extensions: ReadonlyArray<Extension>,
  plugins: Plugins
): ReadonlyArray<Extension> | BadConfiguration => {
  const names = new Set(extensions.map(({ plugin }) => plugin.name))
  const sets = [plugins.multiPoint, ...points.map((point) => plugins[point])]
  const unknown = sets.flatMap((set) => set?.enabled ?? []).find(({ name }) => !names.has(name))
  if (unknown !== undefined)
    return new BadConfiguration({
      message: `plugins: there is no ${unknown.name}: expected some of ${[...names].join(", ")}`
    })
  const { multiPoint = {} } = plugins
  return extensions
    .toSorted((a, b) => rank(multiPoint, a.plugin.name) - rank(multiPoint, b.plugin.name))
    .map(({ plugin, weight }) => {
      const given = weightOf(plugins, plugin.name) ?? weight
      return { plugin: cut(plugin, plugins), ...(given !== undefined && { weight: given }) }
    })
}
