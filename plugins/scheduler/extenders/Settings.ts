/** How extenders are named in a configuration, and what would be wrong with them. Source: kubescheduler.config.k8s.io/v1, Extender. */
import { Schema } from "effect"
import { Duration, millis } from "../Durations.ts"

const { Array: List, Boolean: Bool, Int, String: Text, Struct, optionalKey } = Schema

export const Extender = Struct({
  urlPrefix: Text,
  filterVerb: optionalKey(Text),
  prioritizeVerb: optionalKey(Text),
  bindVerb: optionalKey(Text),
  preemptVerb: optionalKey(Text),
  weight: optionalKey(Int),
  enableHTTPS: optionalKey(Bool),
  tlsConfig: optionalKey(
    Struct({
      insecure: optionalKey(Bool),
      serverName: optionalKey(Text),
      /** PEM, by files or in base64. */
      caFile: optionalKey(Text),
      certFile: optionalKey(Text),
      keyFile: optionalKey(Text),
      caData: optionalKey(Text),
      certData: optionalKey(Text),
      keyData: optionalKey(Text)
    })
  ),
  /** `5s`, `1m30s`. */
  httpTimeout: optionalKey(Duration),
  nodeCacheCapable: optionalKey(Bool),
  managedResources: optionalKey(List(Struct({ name: Text, ignoredByScheduler: optionalKey(Bool) }))),
  ignorable: optionalKey(Bool)
})
export type Extender = typeof Extender.Type

const twice = (names: ReadonlyArray<string>) => names.find((name, index) => names.indexOf(name) !== index)

/** The first mistake. */
export const mistakeIn = (extenders: ReadonlyArray<Extender>): string | undefined => {
  for (const [index, { prioritizeVerb = "", urlPrefix, weight = 0 }] of extenders.entries()) {
    if (!URL.canParse(urlPrefix)) return `extenders[${index}].urlPrefix: ${JSON.stringify(urlPrefix)} is no URL`
    if (prioritizeVerb !== "" && weight <= 0)
      return `extenders[${index}].weight: Invalid value: ${weight}: must have a positive weight applied to it`
  }
  const binders = extenders.filter(({ bindVerb = "" }) => bindVerb !== "").length
  if (binders > 1)
    return `extenders: Invalid value: "found ${binders} extenders implementing bind": only one extender can implement bind`
  const name = twice(extenders.flatMap(({ managedResources = [] }) => managedResources.map(({ name }) => name)))
  return name === undefined
    ? undefined
    : `extenders: managedResources: Invalid value: ${JSON.stringify(name)}: duplicate extender managed resource name`
}

const usual = 5000

/** In milliseconds. */
export const timeoutOf = ({ httpTimeout = "" }: Extender) => millis(httpTimeout) || usual

/** Of these the scheduler itself says nothing. */
export const ignoredIn = (extenders: ReadonlyArray<Extender>): ReadonlyArray<string> =>
  extenders.flatMap(({ managedResources = [] }) =>
    managedResources.flatMap(({ ignoredByScheduler, name }) => (ignoredByScheduler === true ? [name] : []))
  )
