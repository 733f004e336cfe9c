/** Who asks for, approves and signs certificates. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Admissions, Authorizers } from "../../kernel/pipeline/Policy.ts"
import * as Certificates from "../../plugins/admission/certificates/Certificates.ts"
import type * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import * as Signers from "../../plugins/certificates/contracts/Signers.ts"
import * as SigningRequest from "../../plugins/certificates/contracts/SigningRequest.ts"
import { CertificateSigningRequest } from "../../plugins/resources/contracts/certificates/v1.ts"
import { admitted } from "./Admitted.ts"

/** `jane` approves for the cluster's signers one by one, `carl` signs for all of a domain. */
const layer = Layer.mergeAll(
  Certificates.layer,
  Authorizers.add(1, ({ name, resource, user, verb }) => ({
    decision:
      resource === "signers" &&
      ((user.name === "jane" && verb === "approve" && name === Signers.kubeletServing) ||
        (user.name === "carl" && verb === "sign" && name === "example.com/*"))
        ? "allow"
        : "noOpinion"
  }))
).pipe(Layer.provideMerge(Layer.mergeAll(Admissions.layer, Authorizers.layer)))

const admit = Effect.fnUntraced(function* (user: string, subresource: string, object: WireObject, old?: WireObject) {
  const { kind, plural } = CertificateSigningRequest
  const attributes = {
    user: { name: user, uid: "u1", groups: ["g"], extra: { scopes: ["a"] } },
    ...{ verb: old ? "update" : "create", group: "certificates.k8s.io", version: "v1", resource: plural },
    ...{ subresource, namespace: "", name: kind }
  }
  let current = object
  const all = (yield* Admissions).all()
  const about = admitted(attributes, CertificateSigningRequest, old && { old })
  for (const { mutate } of all) current = (yield* mutate?.({ ...about, object: current }) ?? Effect.undefined) ?? current
  for (const { validate } of all) yield* validate?.({ ...about, object: current }) ?? Effect.void
  return current
})
const refused = (...args: Parameters<typeof admit>) =>
  Effect.map(Effect.flip(admit(...args)), (error) => ("detail" in error ? error.detail : error._tag))

const asking = (signerName: string, request: Pki.Request) =>
  Effect.map(SigningRequest.make(request), (made) => ({
    metadata: { name: "r" },
    spec: {
      request: Buffer.from(made.request).toString("base64"),
      signerName,
      username: "system:admin",
      groups: ["system:masters"]
    },
    status: { conditions: [{ type: "Approved", status: "True" }] }
  }))
const approved = { conditions: [{ type: "Approved", status: "True" }] }
const open = (object: WireObject) => ({ ...object, status: {} })

describe("requests for certificates", () => {
  it.effect("say who asks as the server knows him, and nothing is decided yet", () =>
    Effect.gen(function* () {
      const made = yield* admit("bob", "", yield* asking(Signers.kubeletServing, Requests.kubelet("n1")))
      const { username, groups, uid, extra } = made["spec"] as WireObject
      assert.deepStrictEqual(
        { username, groups, uid, extra },
        { username: "bob", groups: ["g"], uid: "u1", extra: { scopes: ["a"] } }
      )
      assert.deepStrictEqual(made["status"], {})
    }).pipe(Effect.provide(layer))
  )

  it.effect("of administrators are refused", () =>
    Effect.gen(function* () {
      assert.include(
        yield* refused("bob", "", yield* asking(Signers.apiserverClient, Requests.admin)),
        "signer with system:masters group is not allowed"
      )
      yield* admit("bob", "", yield* asking("example.com/any", Requests.admin))
    }).pipe(Effect.provide(layer))
  )

  it.effect("are approved and signed by who may for their signer, and decisions say since when", () =>
    Effect.gen(function* () {
      const request = open(yield* asking(Signers.kubeletServing, Requests.kubelet("n1")))
      const decided = yield* admit("jane", "approval", { ...request, status: approved }, request)
      assert.deepStrictEqual(decided["status"], {
        conditions: [
          {
            ...{ type: "Approved", status: "True" },
            ...{ lastUpdateTime: "1970-01-01T00:00:00Z", lastTransitionTime: "1970-01-01T00:00:00Z" }
          }
        ]
      })
      assert.include(
        yield* refused("bob", "approval", { ...request, status: approved }, request),
        'user not permitted to approve requests with signerName "kubernetes.io/kubelet-serving"'
      )
      const signed = { certificate: "QQ==" }
      assert.include(yield* refused("jane", "status", { ...request, status: signed }, request), "not permitted to sign")
      yield* admit("bob", "status", request, request)
      const other = open(yield* asking("example.com/any", Requests.kubelet("n1")))
      yield* admit("carl", "status", { ...other, status: signed }, other)
      assert.include(yield* refused("carl", "approval", { ...other, status: approved }, other), "not permitted to approve")
    }).pipe(Effect.provide(layer))
  )
})
