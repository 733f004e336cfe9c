/** What is wrong with the security contexts of a Pod and of its containers. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { between, each, enumerated, inside, required, when } from "../../../kernel/resource/Rules.ts"
import type {
  AppArmorProfile,
  PodSecurityContext,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions
} from "../contracts/core/v1.ts"

const maxId = 2 ** 31 - 1
const id = (field: string, value: number | undefined) => between(field, value, 0, maxId)

const profiles = ["Localhost", "RuntimeDefault", "Unconfined"]

const validateSeccomp = (profile: SeccompProfile, field: string): Causes.Causes => {
  const { localhostProfile, type } = profile
  const path = localhostProfile ?? ""
  return [
    ...(type === "Localhost" && localhostProfile === undefined
      ? [Causes.required(`${field}.localhostProfile`, "must be set when seccomp type is Localhost")]
      : []),
    ...(type === "Localhost" && localhostProfile !== undefined ? validateDescending(path, `${field}.localhostProfile`) : []),
    ...when(type !== "Localhost" && localhostProfile !== undefined, () =>
      Causes.invalid(
        `${field}.localhostProfile`,
        { Type: type, LocalhostProfile: localhostProfile },
        "can only be set when seccomp type is Localhost"
      )
    ),
    ...(type === ""
      ? [Causes.required(`${field}.type`, "type is required when seccompProfile is set")]
      : enumerated(`${field}.type`, type, profiles))
  ]
}

/** A path below something: it does not begin at the root and does not go up. */
export const validateDescending = (path: string, field: string): Causes.Causes => [
  ...when(path.startsWith("/"), () => Causes.invalid(field, path, "must be a relative path")),
  ...when(path.split("/").includes(".."), () => Causes.invalid(field, path, "must not contain '..'"))
]

const maxProfile = 4095

const validateAppArmor = ({ localhostProfile, type }: AppArmorProfile, field: string): Causes.Causes => {
  const at = `${field}.localhostProfile`
  const isLocal = type === "Localhost"
  const path = localhostProfile ?? ""
  return [
    ...(type === ""
      ? [Causes.required(`${field}.type`, "type is required when appArmorProfile is set")]
      : enumerated(`${field}.type`, type, profiles)),
    ...when(isLocal && path.trim() === "", () => Causes.required(at, "must be set when AppArmor type is Localhost")),
    ...when(isLocal && path.trim() !== "" && path !== path.trim(), () =>
      Causes.invalid(at, path, "must not be padded with whitespace")
    ),
    ...when(isLocal && path.length > maxProfile, () => Causes.tooLong(at, maxProfile)),
    ...when((type === "RuntimeDefault" || type === "Unconfined") && localhostProfile !== undefined, () =>
      Causes.invalid(at, path, "can only be set when AppArmor type is Localhost")
    )
  ]
}

const validateWindows = (
  { gmsaCredentialSpec, gmsaCredentialSpecName, runAsUserName }: WindowsSecurityContextOptions,
  field: string
): Causes.Causes => [
  ...(gmsaCredentialSpecName === undefined ? [] : required(`${field}.gmsaCredentialSpecName`, gmsaCredentialSpecName)),
  ...when(gmsaCredentialSpec === "", () =>
    Causes.invalid(`${field}.gmsaCredentialSpec`, "", "gmsaCredentialSpec cannot be an empty string")
  ),
  ...when(runAsUserName === "", () =>
    Causes.invalid(`${field}.runAsUserName`, "", "runAsUserName cannot be an empty string")
  )
]

/** `hostPID`: of the Pod's spec, which shares what `shareProcessNamespace` would. */
export const validatePodSecurity = (context: PodSecurityContext, field: string): Causes.Causes => [
  ...id(`${field}.fsGroup`, context.fsGroup),
  ...id(`${field}.runAsUser`, context.runAsUser),
  ...id(`${field}.runAsGroup`, context.runAsGroup),
  ...each(context.supplementalGroups, `${field}.supplementalGroups`, (group, at) => id(at, group)),
  ...enumerated(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ["Always", "OnRootMismatch"]),
  ...enumerated(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ["Merge", "Strict"]),
  ...enumerated(`${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ["Recursive"]),
  ...inside(context.seccompProfile, (profile) => validateSeccomp(profile, `${field}.seccompProfile`)),
  ...inside(context.appArmorProfile, (profile) => validateAppArmor(profile, `${field}.appArmorProfile`)),
  ...inside(context.windowsOptions, (options) => validateWindows(options, `${field}.windowsOptions`))
]

/** As Kubernetes shows it in its message. */
const inGo = (context: SecurityContext) => ({
  Capabilities: context.capabilities
    ? { Add: context.capabilities.add ?? null, Drop: context.capabilities.drop ?? null }
    : null,
  Privileged: context.privileged ?? null,
  SELinuxOptions: context.seLinuxOptions
    ? {
        User: context.seLinuxOptions.user ?? "",
        Role: context.seLinuxOptions.role ?? "",
        Type: context.seLinuxOptions.type ?? "",
        Level: context.seLinuxOptions.level ?? ""
      }
    : null,
  WindowsOptions: null,
  RunAsUser: context.runAsUser ?? null,
  RunAsGroup: context.runAsGroup ?? null,
  RunAsNonRoot: context.runAsNonRoot ?? null,
  ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
  AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
  ProcMount: context.procMount ?? null,
  SeccompProfile: inGoProfile(context.seccompProfile),
  AppArmorProfile: inGoProfile(context.appArmorProfile)
})
const inGoProfile = (profile: SeccompProfile | undefined) =>
  profile === undefined ? null : { Type: profile.type, LocalhostProfile: profile.localhostProfile ?? null }

export const validateSecurity = (context: SecurityContext, field: string): Causes.Causes => {
  const { allowPrivilegeEscalation, capabilities, privileged } = context
  const isSysAdmin = (capabilities?.add ?? []).some((one) => one === "CAP_SYS_ADMIN")
  const escalates = (what: string) => () =>
    Causes.invalid(field, inGo(context), `cannot set \`allowPrivilegeEscalation\` to false and \`${what}`)
  return [
    ...id(`${field}.runAsUser`, context.runAsUser),
    ...id(`${field}.runAsGroup`, context.runAsGroup),
    ...enumerated(`${field}.procMount`, context.procMount, ["Default", "Unmasked"]),
    ...inside(context.seccompProfile, (profile) => validateSeccomp(profile, `${field}.seccompProfile`)),
    ...when(allowPrivilegeEscalation === false && privileged === true, escalates("privileged` to true")),
    ...when(allowPrivilegeEscalation === false && isSysAdmin, escalates("capabilities.Add` CAP_SYS_ADMIN")),
    ...inside(context.appArmorProfile, (profile) => validateAppArmor(profile, `${field}.appArmorProfile`)),
    ...inside(context.windowsOptions, (options) => validateWindows(options, `${field}.windowsOptions`))
  ]
}
