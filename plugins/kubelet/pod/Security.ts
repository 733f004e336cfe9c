/** The security context of a container: the Pod's, and what the container says instead. */
import type { Container, Pod, SeccompProfile } from "../../resources/contracts/core/v1.ts"
import type { Security } from "../contracts/Pods.ts"
import { Refusal } from "./Environment.ts"

const seccomp = (profile: SeccompProfile | undefined, folder: string): Security["seccomp"] => {
  if (profile?.type === "RuntimeDefault") return { _tag: "RuntimeDefault" }
  if (profile?.type === "Localhost") return { _tag: "Localhost", path: `${folder}/${profile.localhostProfile ?? ""}` }
  return { _tag: "Unconfined" }
}

const groups = ({ spec: { securityContext: own } }: Pod) => [
  ...(own.supplementalGroups ?? []),
  ...(own.fsGroup === undefined ? [] : [own.fsGroup])
]

const defined = <A extends object>(record: { readonly [K in keyof A]: A[K] | undefined }) =>
  // Keys without a value are left out, so that what is left has the types of `A`.
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as A

/** `imageUser`: as whom the image runs by itself. */
export const ofContainer = (
  pod: Pod,
  { name, securityContext: own = {} }: Container,
  imageUser: number | string | undefined,
  seccompFolder: string
): Security => {
  const shared = pod.spec.securityContext
  const user = own.runAsUser ?? shared.runAsUser
  if (own.runAsNonRoot ?? shared.runAsNonRoot) {
    const runsAs = user ?? imageUser ?? 0
    const why =
      runsAs === 0
        ? "container has runAsNonRoot and image will run as root"
        : typeof runsAs === "string" && Number.isNaN(Number(runsAs))
          ? `container has runAsNonRoot and image has non-numeric user (${runsAs}), cannot verify user is non-root`
          : undefined
    if (why !== undefined) throw new Refusal({ message: `${why} (pod: "${pod.metadata.name}", container: ${name})` })
  }
  return defined<Security>({
    user,
    group: own.runAsGroup ?? shared.runAsGroup,
    supplementalGroups: groups(pod),
    privileged: own.privileged,
    readOnlyRoot: own.readOnlyRootFilesystem,
    noNewPrivileges: own.allowPrivilegeEscalation === false ? true : undefined,
    addCapabilities: own.capabilities?.add,
    dropCapabilities: own.capabilities?.drop,
    seccomp: own.privileged ? { _tag: "Unconfined" } : seccomp(own.seccompProfile ?? shared.seccompProfile, seccompFolder),
    maskedPaths: own.procMount === "Unmasked" ? [] : undefined,
    readOnlyPaths: own.procMount === "Unmasked" ? [] : undefined
  })
}

export const ofPod = (pod: Pod, seccompFolder: string): Security => {
  const { securityContext: own } = pod.spec
  return defined<Security>({
    user: own.runAsUser,
    group: own.runAsGroup,
    supplementalGroups: groups(pod),
    privileged: [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(
      ({ securityContext }) => securityContext?.privileged
    ),
    seccomp: seccomp(own.seccompProfile ?? { type: "RuntimeDefault" }, seccompFolder)
  })
}
