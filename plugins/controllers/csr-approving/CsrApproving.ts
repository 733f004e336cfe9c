/**
 * Approves the certificates that nodes ask for, each after the question whether its asker may: a machine that joins its first one
 * (`nodeclient`), a node its next (`selfnodeclient`), both as upstream does. Two are Keelson's own: a node's server for its own names
 * (`selfnodeserver`), and the parts that run on every node (`nodeparts`). Whatever else is asked waits for an administrator.
 */
import { Clock, Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key } from "../../../kernel/resource/Kind.ts"
import * as Signers from "../../certificates/contracts/Signers.ts"
import * as SigningRequest from "../../certificates/contracts/SigningRequest.ts"
import { SubjectAccessReview } from "../../resources/contracts/authorization/v1.ts"
import { CertificateSigningRequest } from "../../resources/contracts/certificates/v1.ts"
import { Node } from "../../resources/contracts/core/v1.ts"
import { millisOf, time } from "../../resources/contracts/Time.ts"
import * as Controllers from "../contracts/Controllers.ts"

export interface Options {
  /** Who may be a part of any node: users such as `system:kube-proxy`. */
  readonly parts: ReadonlyArray<string>
  /** Names and addresses that no node is given, whatever it says of itself: those of the API. */
  readonly reserved: ReadonlyArray<string>
}

/** Of a node: what it may ask for, and what is said of it. */
interface Permit {
  /** As RBAC names it: `certificatesigningrequests/<subresource>`. */
  readonly subresource: string
  readonly message: string
}
const permit = (subresource: string, what: string): Permit => ({
  subresource,
  message: `Auto approving ${what} after SubjectAccessReview.`
})

const permits = {
  selfnodeclient: permit("selfnodeclient", "self kubelet client certificate"),
  nodeclient: permit("nodeclient", "kubelet client certificate"),
  selfnodeserver: permit("selfnodeserver", "kubelet server certificate for the node's own addresses"),
  nodeparts: permit("nodeparts", "certificate of a node's part")
}

type Spec = CertificateSigningRequest["spec"]

const isNode = ({ groups = [], username = "" }: Spec) =>
  groups.includes("system:nodes") && username.startsWith("system:node:")

const hasNames = ({ addresses, dnsNames, emails, uris }: SigningRequest.Asked) =>
  addresses.length + dnsNames.length + emails.length + uris.length > 0

/** What is asked for, if it is one of these; by whom is asked next. */
export const recognised = (spec: Spec, asked: SigningRequest.Asked, { parts }: Options): Permit | undefined => {
  if (Signers.flawOf(spec.signerName, asked, spec.usages ?? []) !== undefined) return undefined
  const isSelf = isNode(spec) && spec.username === asked.commonName
  switch (spec.signerName) {
    case Signers.kubeletClient:
      return isSelf ? permits.selfnodeclient : permits.nodeclient
    case Signers.kubeletServing:
      return isSelf ? permits.selfnodeserver : undefined
    case Signers.apiserverClient: {
      const isPart = parts.includes(asked.commonName) && asked.organizations.length === 0 && !hasNames(asked)
      return isNode(spec) && isPart ? permits.nodeparts : undefined
    }
    default:
      return undefined
  }
}

const hostsOf = ({ metadata, status }: Node) => [metadata.name, ...(status.addresses ?? []).map(({ address }) => address)]

/** Why a node is not given a certificate for these names. A node says itself what its addresses are, so others' word counts too. */
export const notItsOwn = (asked: SigningRequest.Asked, nodes: ReadonlyArray<Node>, reserved: ReadonlyArray<string>) => {
  const name = Signers.nodeOf(asked)
  const node = nodes.find(({ metadata }) => metadata.name === name)
  if (node === undefined) return `there is no node ${name} yet`
  const own = new Set(hostsOf(node))
  const taken = new Set([...reserved, ...nodes.filter((other) => other !== node).flatMap(hostsOf)])
  const hosts = [...asked.dnsNames, ...asked.addresses]
  const foreign = hosts.find((host) => !own.has(host))
  if (foreign !== undefined) return `${foreign} is no address of the node ${name}`
  const shared = hosts.find((host) => taken.has(host) && host !== name)
  return shared === undefined ? undefined : `${shared} is also an address of another node, or of the API`
}

/** Whoever joins under the name of a node that is at work would become that node. */
export const isAtWork = (name: string, nodes: ReadonlyArray<Node>) =>
  nodes.some(
    ({ metadata, status }) =>
      metadata.name === name && status.conditions?.some(({ status, type }) => type === "Ready" && status === "True")
  )

const isDecided = ({ status: { certificate, conditions = [] } }: CertificateSigningRequest) =>
  certificate !== undefined || conditions.some(({ type }) => type === "Approved" || type === "Denied" || type === "Failed")

const start = Effect.fnUntraced(function* (options: Options) {
  const client = yield* Client
  const requests = yield* client.cache(CertificateSigningRequest, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {} })

  const mayAsk = ({ extra, groups = [], uid, username = "" }: Spec, { subresource }: Permit) =>
    Effect.map(
      client.create(SubjectAccessReview, {
        metadata: {},
        spec: {
          user: username,
          groups,
          ...(uid !== undefined && { uid }),
          ...(extra !== undefined && { extra }),
          resourceAttributes: {
            group: "certificates.k8s.io",
            resource: "certificatesigningrequests",
            verb: "create",
            subresource,
            version: "*"
          }
        }
      }),
      ({ status }) => status?.allowed === true
    )

  /** Why not yet. */
  const obstacle = Effect.fnUntraced(function* (spec: Spec, asked: SigningRequest.Asked, permit: Permit) {
    if (permit === permits.selfnodeserver) {
      const why = notItsOwn(asked, nodes.all(), options.reserved)
      if (why !== undefined) return why
    }
    const name = Signers.nodeOf(asked)
    if (permit === permits.nodeclient && isAtWork(name, nodes.all())) return `the node ${name} is there, and at work`
    return (yield* mayAsk(spec, permit)) ? undefined : `${spec.username} may not ask for it`
  })

  const reconcile = Effect.fn("CsrApproving.reconcile")(function* (key: Key) {
    const request = requests.get(key)
    if (request === undefined || isDecided(request)) return Controllers.done
    const { metadata, spec, status } = request
    const asked = SigningRequest.parse(Buffer.from(spec.request, "base64").toString())
    const permit = asked._tag === "Success" ? recognised(spec, asked.success, options) : undefined
    if (asked._tag === "Failure" || permit === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    const why = yield* obstacle(spec, asked.success, permit)
    if (why !== undefined) {
      const isFresh = now - millisOf(metadata.creationTimestamp) < 60_000
      yield* (isFresh ? Effect.logDebug : Effect.logInfo)(`the request ${key.name} of ${spec.username} waits: ${why}`)
      return Controllers.again(isFresh ? "1 second" : "1 minute")
    }
    const since = time(now)
    const about = { reason: "AutoApproved", message: permit.message, lastUpdateTime: since, lastTransitionTime: since }
    const conditions = [...(status.conditions ?? []), { type: "Approved", status: "True", ...about }]
    yield* client.update(
      CertificateSigningRequest,
      { ...request, status: { ...status, conditions } },
      { subresource: "approval" }
    )
    return Controllers.done
  })
  yield* Controllers.run({
    name: "certificatesigningrequest-approving",
    triggers: [Controllers.each(requests)],
    reconcile
  })
})

export const plugin = (options: Options) => Controllers.plugin("certificatesigningrequest-approving", start(options))
