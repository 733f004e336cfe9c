/** The checks of each level and version, and what they find in a Pod. Pure. */
import * as Baseline from "./Baseline.ts"
import type { Level, LevelVersion } from "./Policy.ts"
import * as Restricted from "./Restricted.ts"
import type { Broken, Check, PodLike } from "./Words.ts"

/** A check as it was from a minor version on; later ones take its place. */
interface Rule {
  readonly id: string
  readonly versions: ReadonlyArray<readonly [since: number, check: Check]>
  /** The rule of "baseline" that this one of "restricted" is stricter than. */
  readonly replaces?: string
}

/** In the order in which what they find is told. */
const baseline: ReadonlyArray<Rule> = [
  { id: "appArmorProfile", versions: [[0, Baseline.appArmorProfile]] },
  { id: "capabilities_baseline", versions: [[0, Baseline.addedCapabilities]] },
  { id: "hostNamespaces", versions: [[0, Baseline.hostNamespaces]] },
  { id: "hostPathVolumes", versions: [[0, Baseline.hostPathVolumes]] },
  { id: "hostPorts", versions: [[0, Baseline.hostPorts]] },
  { id: "hostProbesAndHostLifecycle", versions: [[34, Baseline.hostProbes]] },
  { id: "privileged", versions: [[0, Baseline.privileged]] },
  {
    id: "procMount",
    versions: [
      [0, Baseline.procMount],
      [35, Baseline.procMountUnlessRemapped]
    ]
  },
  {
    id: "seLinuxOptions",
    versions: [
      [0, Baseline.seLinuxOptions],
      [31, Baseline.seLinuxOptionsWithEngine]
    ]
  },
  {
    id: "seccompProfile_baseline",
    versions: [
      [0, Baseline.seccompAnnotations],
      [19, Baseline.seccompProfile]
    ]
  },
  { id: "sysctls", versions: Baseline.sysctls },
  { id: "windowsHostProcess", versions: [[0, Baseline.windowsHostProcess]] }
]

const restricted: ReadonlyArray<Rule> = [
  {
    id: "allowPrivilegeEscalation",
    versions: [
      [8, Restricted.allowPrivilegeEscalation],
      [25, Restricted.unlessWindows(Restricted.allowPrivilegeEscalation)]
    ]
  },
  {
    id: "capabilities_restricted",
    versions: [
      [22, Restricted.droppedCapabilities],
      [25, Restricted.unlessWindows(Restricted.droppedCapabilities)]
    ],
    replaces: "capabilities_baseline"
  },
  { id: "procMount_restricted", versions: [[35, Baseline.procMount]], replaces: "procMount" },
  { id: "restrictedVolumes", versions: [[0, Restricted.restrictedVolumes]], replaces: "hostPathVolumes" },
  {
    id: "runAsNonRoot",
    versions: [
      [0, Restricted.runAsNonRoot],
      [35, Restricted.unlessRemapped(Restricted.runAsNonRoot)]
    ]
  },
  {
    id: "runAsUser",
    versions: [
      [23, Restricted.runAsUser],
      [35, Restricted.unlessRemapped(Restricted.runAsUser)]
    ]
  },
  {
    id: "seccompProfile_restricted",
    versions: [
      [19, Restricted.seccompProfile],
      [25, Restricted.unlessWindows(Restricted.seccompProfile)]
    ],
    replaces: "seccompProfile_baseline"
  }
]

const checkOf = ({ versions }: Rule, minor: number) => versions.findLast(([since]) => since <= minor)?.[1]

const checksOf = (level: Level, minor: number): ReadonlyArray<Check> => {
  if (level === "privileged") return []
  const stricter = level === "restricted" ? restricted.filter((rule) => checkOf(rule, minor) !== undefined) : []
  const replaced = new Set(stricter.map(({ replaces }) => replaces))
  return [...baseline.filter(({ id }) => !replaced.has(id)), ...stricter].flatMap((rule) => checkOf(rule, minor) ?? [])
}

const known = new Map<string, ReadonlyArray<Check>>()

/** What is wrong with it, in the order of the rules. */
export const evaluate = ({ level, minor }: LevelVersion, pod: PodLike): ReadonlyArray<Broken> => {
  // What is newer than we are is as what we know last.
  const capped = Math.min(minor, 99)
  const key = `${level}:${capped}`
  const checks = known.get(key) ?? checksOf(level, capped)
  known.set(key, checks)
  return checks.flatMap((check) => check(pod) ?? [])
}

export const reasons = (broken: ReadonlyArray<Broken>) => broken.map(({ reason }) => reason).join(", ")
export const details = (broken: ReadonlyArray<Broken>) =>
  broken.map(({ detail, reason }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ")
