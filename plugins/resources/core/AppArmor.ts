/**
 * Profiles of AppArmor in the form of old, annotations: they become the fields, and must agree with them. Source: Kubernetes'
 * documentation, "Restrict a Container's Access to Resources with AppArmor".
 */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { when } from "../../../kernel/resource/Rules.ts"
import type { AppArmorProfile, Container, Pod } from "../contracts/core/v1.ts"

const prefix = "container.apparmor.security.beta.kubernetes.io/"
const local = "localhost/"

/** Absent: not the name of one. */
const profileOf = (text: string | undefined): AppArmorProfile | undefined => {
  if (text === "runtime/default") return { type: "RuntimeDefault" }
  if (text === "unconfined") return { type: "Unconfined" }
  return text?.startsWith(local) === true && text.length > local.length
    ? { type: "Localhost", localhostProfile: text.slice(local.length) }
    : undefined
}

const isAlike = (a: AppArmorProfile | undefined, b: AppArmorProfile | undefined) =>
  a?.type === b?.type && a?.localhostProfile === b?.localhostProfile

/** Whether the annotation alone speaks of a container. */
const isAlone = ({ metadata: { annotations = {} }, spec }: Pod, { name, securityContext }: Container) => {
  const text = annotations[`${prefix}${name}`]
  const profile = profileOf(text)
  const ofPod = spec.securityContext.appArmorProfile
  const isSaid = profile !== undefined && isAlike(profile, ofPod)
  return text !== undefined && securityContext?.appArmorProfile === undefined && !isSaid
}

export const profileWarnings = (pod: Pod): ReadonlyArray<string> =>
  pod.metadata.annotations === undefined
    ? []
    : [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
        .filter((container) => isAlone(pod, container))
        .map(
          ({ name }) =>
            `metadata.annotations[${prefix}${name}]: deprecated since v1.30; use the "appArmorProfile" field instead`
        )

/** What an annotation says of a container is said by its field as well, unless the whole Pod says the same. */
export const withProfiles = (pod: Pod): Pod => {
  const { annotations = {} } = pod.metadata
  if (!Object.keys(annotations).some((key) => key.startsWith(prefix))) return pod
  const told = (container: Container): Container => {
    const profile = profileOf(annotations[`${prefix}${container.name}`])
    if (profile === undefined || !isAlone(pod, container)) return container
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } }
  }
  const { containers, initContainers } = pod.spec
  const spec = {
    ...pod.spec,
    containers: containers.map(told),
    ...(initContainers && { initContainers: initContainers.map(told) })
  }
  return { ...pod, spec }
}

const validateOne = (pod: Pod, container: Container, at: string): Causes.Causes => {
  const profile = profileOf(pod.metadata.annotations?.[`${prefix}${container.name}`])
  const field = container.securityContext?.appArmorProfile
  if (profile === undefined || field === undefined || isAlike(profile, field)) return []
  const part = profile.type === field.type ? ["localhostProfile", "profile"] : ["type", "type"]
  return [
    Causes.forbidden(
      `${at}.securityContext.appArmorProfile.${part[0]}`,
      `apparmor ${part[1]} in annotation and field must match`
    )
  ]
}

export const validateProfiles = (pod: Pod): Causes.Causes => {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const told = Object.entries(pod.metadata.annotations ?? {}).filter(([key]) => key.startsWith(prefix))
  if (told.length === 0) return []
  return [
    ...told.flatMap(([key, value]) => {
      const name = key.slice(prefix.length)
      const at = `metadata.annotations[${key}]`
      return [
        ...when(!all.some((one) => one.name === name), () => Causes.invalid(at, name, "container not found")),
        ...when(value !== "" && profileOf(value) === undefined && value !== local, () =>
          Causes.invalid(at, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`)
        )
      ]
    }),
    ...(pod.spec.initContainers ?? []).flatMap((one, index) => validateOne(pod, one, `spec.initContainers[${index}]`)),
    ...pod.spec.containers.flatMap((one, index) => validateOne(pod, one, `spec.containers[${index}]`))
  ]
}
