/**
 * What the controller tells the nodes: the routes as proxies serve them, in one Secret, because there are keys in it. A node may read
 * this one and no other: it knows the certificates that it shows, and none besides.
 */
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import { Configuration } from "./IngressProxy.ts"

export const secret = { namespace: "kube-system", name: "keelson-ingress" }
/** In the Secret's data: JSON, as gzip packs it. */
const field = "configuration"

/** Of the Node, by which its proxy says what it serves. */
export const serves = "ingress.keelson.io/serves"
export const hashOf = (configuration: Configuration) =>
  createHash("sha256").update(JSON.stringify(configuration)).digest("hex").slice(0, 16)

export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { cause: Schema.Defect() }) {
  override get message() {
    return `the Secret ${secret.namespace}/${secret.name} is not as the ingress controller writes it: ${this.cause}`
  }
}

export const write = (configuration: Configuration) => ({
  [field]: gzipSync(JSON.stringify(configuration)).toString("base64")
})

const decode = Schema.decodeUnknownEffect(Configuration)

/** Without a Secret there is nothing to serve. */
export const read = (data: { readonly [field: string]: string } | undefined): Effect.Effect<Configuration, Unreadable> => {
  const packed = data?.[field]
  if (packed === undefined) return Effect.succeed({ listeners: [], certificates: [] })
  return Effect.try(() => JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString())).pipe(
    Effect.flatMap(decode),
    Effect.mapError((cause) => new Unreadable({ cause }))
  )
}
