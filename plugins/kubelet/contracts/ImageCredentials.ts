/**
 * Who knows how to log in where images are: a cloud's registry with tokens of its own, a company's vault. The kubelet asks it before
 * it pulls an image that one of its patterns is for, and keeps what it is given as long as it may.
 * Source of the rules: KEP-2133 (kubelet credential providers), KEP-4412 (tokens of service accounts for them).
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Finite, Literals, Record, String: Text, Struct, optionalKey } = Schema

/** It has no login for this image. The message is shown as an event of the Pod. */
export class NoCredentials extends Schema.TaggedError<NoCredentials>()("NoCredentials", { image: Text, message: Text }) {}

/** Of the Pod that wants the image. */
const ServiceAccount = Struct({ namespace: Text, name: Text, token: Text, annotations: Record(Text, Text) })

export const Description = Struct({
  name: Text,
  /** See ImagePatterns.ts. */
  images: List(Text),
  /** If it wants a token of the Pod's service account: for whom, and which annotations beside it. */
  token: optionalKey(
    Struct({
      audience: Text,
      /** Without an account it is not asked at all. */
      required: Bool,
      requiredAnnotations: List(Text),
      optionalAnnotations: List(Text),
      /** Whether a login is good for this token alone, or for its service account. */
      keptFor: Literals(["Token", "ServiceAccount"])
    })
  )
})
export type Description = typeof Description.Type

/** `identityToken` stands in for a password. */
export const Login = Struct({
  username: Text,
  password: optionalKey(Text),
  identityToken: optionalKey(Text)
})
export type Login = typeof Login.Type

export const Answer = Struct({
  /** By the pattern of the images that it is for. */
  logins: Record(Text, Login),
  /** What else may be pulled with the same answer: the image, all of its registry, or all that the provider is for. */
  keptFor: Literals(["Image", "Registry", "Global"]),
  /** How long, milliseconds. 0: it is asked anew each time. */
  keptMillis: Finite.check(Schema.isGreaterThanOrEqualTo(0))
})
export type Answer = typeof Answer.Type

export class ImageCredentials extends Contract.make<ImageCredentials>()(
  "kubelet/ImageCredentials",
  {
    version: "1.0.0",
    laws: {
      "describe/images": "It says for which images it is there, the same each time.",
      "get/own": "What it gives is for the image that it was asked about.",
      "get/again": "Asked again, it gives a login again.",
      "get/at-once": "Asked many times at once, it gives each of them a login."
    }
  },
  Contract.method("describe", {
    doc: "For which images it is there, and what it wants to know of the Pod.",
    success: Description,
    errors: []
  }),
  Contract.method("get", {
    doc: "The logins for an image. None are an answer too: it is pulled without.",
    payload: { image: Text, serviceAccount: optionalKey(ServiceAccount) },
    success: Answer,
    errors: [NoCredentials]
  })
) {}
export type Provider = ImageCredentials["Service"]
