/**
 * What anybody may know of a cluster before he joins it: ConfigMap `cluster-info` of kube-public, a kubeconfig without a user. Each
 * bootstrap token signs it, so that who has one knows the cluster by it. Source: "Token Management", `jws-kubeconfig-<id>`.
 */
import { createHmac, timingSafeEqual } from "node:crypto"

export const key = { namespace: "kube-public", name: "cluster-info" }
export const signaturePrefix = "jws-kubeconfig-"

const base64 = (text: string) => Buffer.from(text).toString("base64url")

/** JWS of RFC 7515 with the content left out (its appendix F): HMAC with SHA-256, by the secret half of the token. */
export const sign = (kubeconfig: string, id: string, secret: string): string => {
  const head = base64(JSON.stringify({ alg: "HS256", kid: id }))
  const mac = createHmac("sha256", secret).update(`${head}.${base64(kubeconfig)}`)
  return `${head}..${mac.digest("base64url")}`
}

export const isSigned = (signature: string, kubeconfig: string, secret: string): boolean => {
  const [head = "", content = "-", mac = ""] = signature.split(".")
  const wanted = createHmac("sha256", secret)
    .update(`${head}.${base64(kubeconfig)}`)
    .digest()
  const given = Buffer.from(mac, "base64url")
  return content === "" && given.length === wanted.length && timingSafeEqual(given, wanted)
}
