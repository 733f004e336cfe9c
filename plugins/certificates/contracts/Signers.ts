/** The signers that a cluster has, and what each signs. Source: "Certificates and Certificate Signing Requests", "Kubernetes signers". */
import type { Asked } from "./SigningRequest.ts"

export const kubeletClient = "kubernetes.io/kube-apiserver-client-kubelet"
export const kubeletServing = "kubernetes.io/kubelet-serving"
export const apiserverClient = "kubernetes.io/kube-apiserver-client"
export const legacyUnknown = "kubernetes.io/legacy-unknown"
export const all = [kubeletClient, kubeletServing, apiserverClient, legacyUnknown]

/** What is wrong, or nothing. */
type Flaw = string | undefined

const nodes = "system:nodes"
const nodePrefix = "system:node:"

export const nodeOf = ({ commonName }: Pick<Asked, "commonName">) => commonName.slice(nodePrefix.length)

const isNode = ({ commonName, organizations }: Asked): Flaw => {
  if (organizations.length !== 1 || organizations[0] !== nodes) return `subject organization is not ${nodes}`
  return commonName.startsWith(nodePrefix) && commonName !== nodePrefix
    ? undefined
    : `subject common name does not begin with ${nodePrefix}`
}

const noneOf = (
  { addresses, dnsNames, emails, uris }: Asked,
  ...parts: ReadonlyArray<"DNS" | "email" | "IP" | "URI">
): Flaw => {
  const names = { DNS: dnsNames, email: emails, IP: addresses, URI: uris }
  const found = parts.find((part) => names[part].length > 0)
  return found === undefined ? undefined : `${found} subjectAltNames are not allowed`
}

/** Exactly these, with or without what RSA keys need to exchange keys. */
const usedFor = (purpose: "client auth" | "server auth", usages: ReadonlyArray<string>): Flaw => {
  const rest = usages.filter((usage) => usage !== "key encipherment").toSorted()
  return rest.join() === [purpose, "digital signature"].toSorted().join()
    ? undefined
    : `usages did not match: expected ${purpose} and digital signature, and at most key encipherment besides`
}

const clientUsages = new Set(["client auth", "digital signature", "key encipherment"])

const flaws: { readonly [signer: string]: (asked: Asked, usages: ReadonlyArray<string>) => Flaw } = {
  [kubeletClient]: (asked, usages) =>
    isNode(asked) ?? noneOf(asked, "DNS", "email", "IP", "URI") ?? usedFor("client auth", usages),
  [kubeletServing]: (asked, usages) => {
    const isNameless = asked.dnsNames.length + asked.addresses.length === 0
    const unnamed = isNameless ? "DNS or IP subjectAltName is required" : undefined
    return isNode(asked) ?? unnamed ?? noneOf(asked, "email", "URI") ?? usedFor("server auth", usages)
  },
  [apiserverClient]: (_, usages) => {
    const other = usages.find((usage) => !clientUsages.has(usage))
    if (other !== undefined) return `invalid usage for client certificate: ${other}`
    return usages.includes("client auth") ? undefined : "missing required usage for client certificate: client auth"
  },
  [legacyUnknown]: () => undefined
}

/** Why this signer does not sign this, if it does not. */
export const flawOf = (signer: string, asked: Asked, usages: ReadonlyArray<string>): Flaw =>
  (flaws[signer] ?? (() => `the signer ${signer} is not known`))(asked, usages)
