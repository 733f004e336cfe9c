/** `serviceaccounts/token`: a token for whoever may ask for it, bound to an object that it dies with. */
import { Effect, type Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { BadRequest, type Cause, Conflict, Forbidden, Invalid } from "../../kernel/client/Errors.ts"
import type { Action } from "../../kernel/pipeline/Actions.ts"
import { decoder } from "../../kernel/pipeline/Body.ts"
import type { WriteOptions } from "../../kernel/pipeline/Pipeline.ts"
import * as Stamp from "../../kernel/pipeline/Stamp.ts"
import * as Apply from "../../kernel/resource/Apply.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { type BoundObjectReference, TokenRequest } from "../resources/contracts/authentication/v1.ts"
import { Node, Pod, Secret, ServiceAccount } from "../resources/contracts/core/v1.ts"
import { nodeOf } from "./contracts/NodeUser.ts"
import type { Subject, Tokens } from "./Tokens.ts"

const decode = decoder(TokenRequest)

const defaultSeconds = 3600
const leastSeconds = 600
const mostSeconds = 2 ** 32

/** What a token dies with. */
type Binding = Pick<Subject, "node" | "pod" | "secret">

const bounds = (seconds: number): ReadonlyArray<Cause> => {
  const field = "spec.expirationSeconds"
  if (seconds < leastSeconds) return [Causes.invalid(field, seconds, "may not specify a duration less than 10 minutes")]
  if (seconds > mostSeconds) return [Causes.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds")]
  return []
}

const named = (apiVersion: string, kind: string) => `${apiVersion.includes("/") ? "" : "/"}${apiVersion}, Kind=${kind}`

const refuse = (name: string, ...causes: ReadonlyArray<Cause>) =>
  new Invalid({
    group: "authentication.k8s.io",
    resource: "tokenrequests",
    namespace: "",
    name,
    kind: "TokenRequest",
    causes
  })

/** Whoever asks for a token owns what he asks for, as of whatever is created. */
const ownersOf = (after: Schema.JsonObject, { fieldManager = "" }: WriteOptions, time: string): Schema.Json =>
  Apply.update({
    shape: Shape.of(TokenRequest()),
    after,
    manager: fieldManager,
    apiVersion: "authentication.k8s.io/v1",
    subresource: "token",
    reset: ["status"],
    time
  }).map((entry) => ({ ...entry }))

export const action = Effect.fnUntraced(function* (tokens: Tokens) {
  const client = yield* Client

  const bound = Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft>(
    kind: Kind<A, D>,
    key: { readonly namespace: string; readonly name: string },
    uid: string | undefined
  ) {
    const found = yield* client.get(kind, key)
    if (uid === undefined || uid === found.metadata.uid) return found
    const detail = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
    return yield* new Conflict({ group: "", resource: kind.plural, ...key, detail })
  })

  /** A Pod's token also says where the Pod runs, if it does. */
  const ofPod = Effect.fnUntraced(function* (account: string, pod: Pod) {
    if (pod.spec?.serviceAccountName !== account) {
      const detail = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`
      return yield* new BadRequest({ detail })
    }
    const name = pod.spec.nodeName
    const at = { pod: { name: pod.metadata.name, uid: pod.metadata.uid } }
    if (name === undefined || name === "") return at
    const node = yield* client.find(Node, { namespace: "", name })
    return { ...at, node: node._tag === "Some" ? { name, uid: node.value.metadata.uid } : { name } }
  })

  const bindings = Effect.fnUntraced(function* (
    account: ServiceAccount,
    { apiVersion = "", kind = "", name = "", uid }: BoundObjectReference
  ) {
    const namespace = account.metadata.namespace ?? ""
    switch (`${apiVersion}/${kind}`) {
      case "v1/Pod":
        return yield* ofPod(account.metadata.name, yield* bound(Pod, { namespace, name }, uid))
      case "v1/Secret": {
        const secret = yield* bound(Secret, { namespace, name }, uid)
        return { secret: { name, uid: secret.metadata.uid } }
      }
      case "v1/Node": {
        const node = yield* bound(Node, { namespace: "", name }, uid)
        return { node: { name, uid: node.metadata.uid } }
      }
      default: {
        return yield* new BadRequest({ detail: `cannot bind token to object of type ${named(apiVersion, kind)}` })
      }
    }
  })

  /** A node agent gets tokens for the Pods that it runs: with any other it would be that account, wherever it is used. */
  const forNode = (at: Parameters<Action["act"]>[0], bound: BoundObjectReference | undefined, binding: Binding) => {
    const node = nodeOf(at.user)
    if (node === undefined) return Effect.void
    const refused = (detail: string) =>
      Effect.fail(new Forbidden({ group: "", resource: "serviceaccounts", namespace: at.namespace, name: at.name, detail }))
    if (binding.pod === undefined) return refused("node requested token not bound to a pod")
    if ((bound?.uid ?? "") === "") return refused("node requested token with a pod binding without a uid")
    return binding.node?.name === node
      ? Effect.void
      : refused("node requested token bound to a pod scheduled on a different node")
  }

  const act: Action["act"] = Effect.fn("TokenRequests.act")(function* (at, body, options) {
    const { metadata, spec } = yield* decode(body)
    const { boundObjectRef, expirationSeconds = defaultSeconds } = spec
    const account = yield* client.get(ServiceAccount, { namespace: at.namespace, name: at.name })
    const { name = "" } = metadata
    if (name !== "" && name !== at.name)
      return yield* refuse(
        at.name,
        Causes.invalid("metadata.name", name, "must match the service account name if specified")
      )
    const causes = bounds(expirationSeconds)
    if (causes.length > 0) return yield* refuse("", ...causes)
    const asked = spec.audiences ?? []
    const audiences = asked.length === 0 ? tokens.audiences : asked
    const binding: Binding = boundObjectRef === undefined ? {} : yield* bindings(account, boundObjectRef)
    yield* forNode(at, boundObjectRef, binding)
    const subject: Subject = {
      namespace: at.namespace,
      serviceaccount: { name: at.name, uid: account.metadata.uid },
      ...binding
    }
    const { expires, token } = yield* tokens.sign(subject, audiences, expirationSeconds)
    const time = yield* Stamp.now
    const said = { expirationSeconds, ...(boundObjectRef !== undefined && { boundObjectRef: { ...boundObjectRef } }) }
    const expirationTimestamp = `${new Date(expires * 1000).toISOString().slice(0, 19)}Z`
    return {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {
        name: at.name,
        namespace: at.namespace,
        uid: yield* Stamp.uid,
        creationTimestamp: time,
        managedFields: ownersOf({ spec: { ...(asked.length > 0 && { audiences: asked }), ...said } }, options, time)
      },
      spec: { audiences, ...said },
      status: { token: options.dryRun === true ? "" : token, expirationTimestamp }
    }
  })
  return { storage: ServiceAccount.storage, subresource: "token", act } satisfies Action
})
