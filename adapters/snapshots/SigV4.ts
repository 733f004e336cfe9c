/** Who asks, said in the way of AWS: Signature Version 4 of a request whose body is known. Source: "Authenticating Requests", S3 API Reference. */
import { createHash, createHmac } from "node:crypto"

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Unsigned {
  readonly method: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

const hex = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex")
const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest()

/** As RFC 3986 has it: more than `encodeURIComponent` encodes. */
export const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

const canonicalQuery = (url: URL) =>
  [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join("&")

/** The headers of the request, with its signature. `time`: in milliseconds since 1970. */
export const sign = (
  { body = new Uint8Array(), headers = {}, method, url }: Unsigned,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  { region, service = "s3", time }: { readonly region: string; readonly service?: string; readonly time: number }
): Record<string, string> => {
  const stamp = `${new Date(time).toISOString().replace(/[-:]|\.\d+/g, "")}`
  const day = stamp.slice(0, 8)
  const digest = hex(body)
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-content-sha256": digest,
    "x-amz-date": stamp,
    ...(sessionToken !== undefined && { "x-amz-security-token": sessionToken })
  }
  const lines = Object.entries(all)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const signed = lines.map(([name]) => name).join(";")
  const canonical = [
    method,
    url.pathname,
    canonicalQuery(url),
    ...lines.map(([name, value]) => `${name}:${value}`),
    "",
    signed,
    digest
  ].join("\n")
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ["AWS4-HMAC-SHA256", stamp, scope, hex(canonical)].join("\n")
  const key = [region, service, "aws4_request"].reduce<Buffer>(hmac, hmac(`AWS4${secretAccessKey}`, day))
  const signature = createHmac("sha256", key).update(text).digest("hex")
  const { host: _, ...sent } = all
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${signed},Signature=${signature}`
  }
}
