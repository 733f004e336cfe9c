/**
 * Bootstrap tokens, by which a machine joins: `<id>.<secret>`, each a Secret of kube-system. Source: "Authenticating with Bootstrap
 * Tokens" of the Kubernetes documentation.
 */
import type { Secret } from "../../resources/contracts/core/v1.ts"

export const secretType = "bootstrap.kubernetes.io/token"
export const namespace = "kube-system"
export const prefix = "bootstrap-token-"
export const nameOf = (id: string) => `${prefix}${id}`

/** Every token is in it. */
export const group = "system:bootstrappers"
const more = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/
export const isGroup = (name: string) => more.test(name)

export const usages = ["authentication", "signing"] as const
export type Usage = (typeof usages)[number]

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

/** The halves of a token; undefined if it is none. */
export const parse = (token: string) => {
  const [, id, secret] = form.exec(token) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

export interface BootstrapToken {
  readonly id: string
  readonly secret: string
  readonly description: string
  /** Milliseconds; absent: never. What is no time has passed. */
  readonly expires?: number
  readonly usages: ReadonlyArray<Usage>
  readonly groups: ReadonlyArray<string>
}

/** Undefined: a Secret that is no token, or not a whole one, or is being deleted. */
export const of = ({ data = {}, metadata, type }: Secret): BootstrapToken | undefined => {
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString()
  const [id, secret] = [text("token-id"), text("token-secret")]
  if (type !== secretType || metadata.deletionTimestamp !== undefined || secret === "") return undefined
  // One whose secret has another form still signs, as upstream has it; nobody can show it.
  if (!/^[a-z0-9]{6}$/.test(id) || metadata.name !== nameOf(id)) return undefined
  const groups = text("auth-extra-groups")
    .split(",")
    .filter((name) => name !== "")
  if (!groups.every(isGroup)) return undefined
  const expiration = text("expiration")
  const expires = Date.parse(expiration)
  return {
    id,
    secret,
    description: text("description"),
    ...(expiration !== "" && { expires: Number.isNaN(expires) ? 0 : expires }),
    usages: usages.filter((usage) => text(`usage-bootstrap-${usage}`) === "true"),
    groups: [group, ...groups]
  }
}

export const isExpired = ({ expires }: BootstrapToken, now: number) => expires !== undefined && expires <= now

/** The Secret that is a token. */
export const draft = ({ description, expires, groups, id, secret, usages }: BootstrapToken) => {
  const extra = groups.filter((name) => name !== group)
  return {
    metadata: { name: nameOf(id), namespace },
    type: secretType,
    stringData: {
      "token-id": id,
      "token-secret": secret,
      ...(description !== "" && { description }),
      ...(expires !== undefined && { expiration: new Date(expires).toISOString().replace(/\.\d+Z$/, "Z") }),
      ...Object.fromEntries(usages.map((usage) => [`usage-bootstrap-${usage}`, "true"])),
      ...(extra.length > 0 && { "auth-extra-groups": extra.join(",") })
    }
  }
}
