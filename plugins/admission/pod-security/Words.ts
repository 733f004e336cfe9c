/** How checks look at a Pod, and how they word what they find. */
import type { Container, PodSpec, SecurityContext } from "../../resources/contracts/core/v1.ts"

/** What is checked: a Pod, or the template of one. */
export interface PodLike {
  readonly metadata?: { readonly annotations?: { readonly [key: string]: string } }
  readonly spec: PodSpec
}
/** What is wrong: in short, and with names. */
export interface Broken {
  readonly reason: string
  readonly detail: string
}
export type Check = (pod: PodLike) => Broken | undefined

/** The fields of containers that any check reads; containers for debugging have fewer than others. */
export type Contained = Pick<Container, "name" | "securityContext" | "ports" | "lifecycle"> &
  Partial<Pick<Container, "livenessProbe" | "readinessProbe" | "startupProbe">>

export const containersOf = ({ spec }: PodLike): ReadonlyArray<Contained> => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
  ...(spec.ephemeralContainers ?? [])
]

export const isWindows = ({ spec }: PodLike) => spec.os?.name === "windows"
/** In a user namespace root is nobody outside it. */
export const isRemapped = ({ spec }: PodLike) => spec.hostUsers === false

export const plural = (count: number, one: string, many = `${one}s`) => (count === 1 ? one : many)
export const quoted = (words: ReadonlyArray<string>) => words.map((word) => `"${word}"`).join(", ")
export const sorted = (words: Iterable<string>): ReadonlyArray<string> => [...new Set(words)].toSorted()
export const named = (containers: ReadonlyArray<{ readonly name: string }>) =>
  `${plural(containers.length, "container")} ${quoted(containers.map(({ name }) => name))}`

/** Where a Pod's and its containers' security contexts both have a field. */
type Shared = Pick<
  SecurityContext,
  "appArmorProfile" | "runAsNonRoot" | "runAsUser" | "seLinuxOptions" | "seccompProfile" | "windowsOptions"
>

/** Who sets something forbidden: "pod and containers "a", "b""; empty if nobody does. */
export const setters = (pod: PodLike, isBad: (context: Shared) => boolean): string => {
  const { securityContext } = pod.spec
  const containers = containersOf(pod).filter(({ securityContext }) => securityContext && isBad(securityContext))
  return [
    ...(securityContext && isBad(securityContext) ? ["pod"] : []),
    ...(containers.length > 0 ? [named(containers)] : [])
  ].join(" and ")
}

/** The values of a field of the Pod and of its containers. */
export const valuesOf = <A>(pod: PodLike, get: (context: Shared) => A | undefined): ReadonlyArray<A> =>
  [pod.spec.securityContext, ...containersOf(pod).map(({ securityContext }) => securityContext)].flatMap((context) => {
    const value = context === undefined ? undefined : get(context)
    return value === undefined ? [] : [value]
  })
