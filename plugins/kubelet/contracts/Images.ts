/**
 * What the kubelet needs to have images on its machine. Names are as in a Pod: `busybox`, `registry/name:tag`, `name@digest`.
 * `handler` says for whose Pods, where several runtimes have images of their own; who has but one set of them does not look at it.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { ImageMissing } from "./ContainerRuntime.ts"

const { Array: List, Int, NullOr, String: Text, Struct, Union, optionalKey } = Schema

/** The registry did not answer, or did not let us. */
export class PullFailed extends Schema.TaggedError<PullFailed>()("PullFailed", { image: Text, message: Text }) {}

/** As in a pull secret. `identityToken` is what a login was answered with. */
export const Credentials = Struct({
  username: optionalKey(Text),
  password: optionalKey(Text),
  identityToken: optionalKey(Text),
  serverAddress: optionalKey(Text)
})
export type Credentials = typeof Credentials.Type

/** `user` is what the image runs as by itself. */
export const Image = Struct({
  id: Text,
  tags: List(Text),
  digests: List(Text),
  bytes: Int,
  user: optionalKey(Union([Int, Text]))
})
export type Image = typeof Image.Type

/** As in a Pod's `handler`, or the `runtime` of one that is there. */
const handler = optionalKey(Text)

export class Images extends Contract.make<Images>()(
  "kubelet/Images",
  {
    version: "1.1.0",
    laws: {
      "find/absent": "An image that is not there is null, not a failure.",
      "find/listed": "An image that is there is found by its name and by its id, and stands in the list.",
      "pull/missing": "Pulling an image that is nowhere fails, and brings none."
    }
  },
  Contract.method("find", {
    doc: "The image of this name or id, if it is on this machine.",
    payload: { image: Text, handler },
    success: NullOr(Image),
    errors: []
  }),
  Contract.method("pull", {
    doc: "Brings the image to this machine, the newest of its name. Returns its id.",
    payload: { image: Text, handler, credentials: optionalKey(Credentials) },
    success: Text,
    errors: [ImageMissing, PullFailed]
  }),
  Contract.method("list", { doc: "All that are on this machine.", success: List(Image), errors: [] }),
  Contract.method("remove", {
    doc: "Removes an image, without a handler wherever it is; succeeds when it is gone.",
    payload: { image: Text, handler },
    errors: []
  })
) {}
