/** Certificates of Ingresses and Gateways, as Secrets have them. */
import { X509Certificate, createPrivateKey } from "node:crypto"
import type { Key } from "../../../kernel/resource/Kind.ts"
import type { Secret } from "../../resources/contracts/core/v1.ts"
import type { Certificate } from "./IngressProxy.ts"

/** The certificate of a Secret; a text says what is wrong with it. */
export const certificateOf = (secret: Secret | undefined, key: Key): Certificate | string => {
  const name = `${key.namespace}/${key.name}`
  if (secret === undefined) return `the Secret ${name} does not exist`
  const [chain, own] = ["tls.crt", "tls.key"].map((field) => Buffer.from(secret.data?.[field] ?? "", "base64").toString())
  if (!chain || !own) return `the Secret ${name} has no tls.crt and tls.key`
  try {
    if (!new X509Certificate(chain).checkPrivateKey(createPrivateKey(own)))
      return `tls.key of the Secret ${name} does not belong to its tls.crt`
  } catch (cause) {
    return `the Secret ${name} has no certificate with a key: ${cause instanceof Error ? cause.message : cause}`
  }
  return { name, chain, key: own }
}
