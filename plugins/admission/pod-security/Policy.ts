/** What a namespace's labels ask of its Pods. Pure. Source: "Pod Security Admission" of the Kubernetes documentation. */
import type { Cause } from "../../../kernel/client/Errors.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"

export const levels = ["privileged", "baseline", "restricted"] as const
export type Level = (typeof levels)[number]

/** `minor` of `v1.<minor>`; infinity is `latest`. */
export interface LevelVersion {
  readonly level: Level
  readonly minor: number
}
export interface Policy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

export const latest = Number.POSITIVE_INFINITY
const free: LevelVersion = { level: "privileged", minor: latest }
/** Of a namespace without labels. */
export const none: Policy = { enforce: free, audit: free, warn: free }

export const format = ({ level, minor }: LevelVersion) => `${level}:${minor === latest ? "latest" : `v1.${minor}`}`
export const same = (a: LevelVersion, b: LevelVersion) => a.level === b.level && a.minor === b.minor
/** Positive: `a` asks for more. */
export const compare = (a: Level, b: Level) => levels.indexOf(a) - levels.indexOf(b)
export const isFree = ({ audit, enforce, warn }: Policy) =>
  [audit, enforce, warn].every(({ level }) => level === "privileged")

export type Labels = { readonly [key: string]: string } | undefined
const prefix = "pod-security.kubernetes.io/"

interface Read {
  readonly is: LevelVersion
  readonly hasLevel: boolean
  readonly hasVersion: boolean
  readonly isLevelWrong: boolean
  readonly causes: ReadonlyArray<Cause>
}

/** `instead`: the level that holds where the label says nonsense. */
const read = (labels: Labels, mode: keyof Policy, byDefault: LevelVersion, instead: Level): Read => {
  const [levelLabel, versionLabel] = [prefix + mode, `${prefix}${mode}-version`]
  const [level, version] = [labels?.[levelLabel], labels?.[versionLabel]]
  const known = levels.find((one) => one === level)
  const minor = version === "latest" ? latest : Number(/^v1\.(0|[1-9]\d*)$/.exec(version ?? "")?.[1] ?? Number.NaN)
  const invalid = (label: string, value: string, detail: string) =>
    Causes.invalid(`metadata.labels[${label}]`, value, detail)
  return {
    is: {
      level: level === undefined ? byDefault.level : (known ?? instead),
      minor: version === undefined ? byDefault.minor : Number.isNaN(minor) ? latest : minor
    },
    hasLevel: level !== undefined,
    hasVersion: version !== undefined,
    isLevelWrong: level !== undefined && known === undefined,
    causes: [
      ...(level !== undefined && known === undefined
        ? [invalid(levelLabel, level, `must be one of ${levels.join(", ")}`)]
        : []),
      ...(version !== undefined && Number.isNaN(minor) ? [invalid(versionLabel, version, 'must be "latest" or "v1.x"')] : [])
    ]
  }
}

export interface Parsed {
  readonly policy: Policy
  readonly causes: ReadonlyArray<Cause>
}

/** Where labels are wrong, what is enforced is the strictest, and nothing is warned of. */
export const parse = (labels: Labels, byDefault: Policy = none): Parsed => {
  const enforce = read(labels, "enforce", byDefault.enforce, "restricted")
  const audit = read(labels, "audit", byDefault.audit, "privileged")
  const warn = read(labels, "warn", byDefault.warn, "privileged")
  const follows = !warn.hasLevel && enforce.hasLevel && !enforce.isLevelWrong && compare(enforce.is.level, warn.is.level) > 0
  const warned = follows ? { level: enforce.is.level, minor: warn.hasVersion ? warn.is.minor : enforce.is.minor } : warn.is
  return {
    policy: { enforce: enforce.is, audit: audit.is, warn: warned },
    causes: [...enforce.causes, ...audit.causes, ...warn.causes]
  }
}

/** Of a namespace that is exempt, and has labels that say otherwise: what they would ask for. */
export const asked = (labels: Labels, policy: Policy): string =>
  (["enforce", "audit", "warn"] as const)
    .filter(
      (mode) =>
        policy[mode].level !== "privileged" &&
        (labels?.[prefix + mode] !== undefined || labels?.[`${prefix}${mode}-version`] !== undefined)
    )
    .map((mode) => `${mode}=${format(policy[mode])}`)
    .join(", ")
