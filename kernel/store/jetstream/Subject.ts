/**
 * The subject of a key. Names of objects may hold what subjects must not (dots, spaces, wildcards), so every byte that is no
 * plain letter is written as `=` and two hexadecimal digits, and an empty part as a lone `=`. No two keys share a subject.
 */
import type { LogName } from "../Log.ts"

const plain = /^[A-Za-z0-9_-]+$/
const utf8 = new TextEncoder()
const text = new TextDecoder()

const isPlain = (byte: number) =>
  (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 95

const escapeByte = (byte: number) =>
  isPlain(byte) ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`

export const encodeToken = (part: string) =>
  plain.test(part) ? part : part === "" ? "=" : Array.from(utf8.encode(part), escapeByte).join("")

export const decodeToken = (token: string) => {
  if (token === "=") return ""
  if (!token.includes("=")) return token
  const bytes: number[] = []
  for (let at = 0; at < token.length; at++) {
    if (token[at] !== "=") bytes.push(token.charCodeAt(at))
    else bytes.push(Number.parseInt(token.slice(at + 1, (at += 2) + 1), 16))
  }
  return text.decode(Uint8Array.from(bytes))
}

/** What a stream says of itself, and of another one that is being made anew (`next`). */
export type Meta = "epoch" | "compact" | "compacted" | "barrier" | `next.${LogName}`

export interface Subjects {
  readonly stream: string
  readonly all: string
  /** Of every entry. */
  readonly objects: string
  readonly metas: string
  readonly meta: (what: Meta) => string
  readonly object: (key: string) => string
  /** Absent for a subject that is no object's. */
  readonly keyOf: (subject: string) => string | undefined
}

export const make = (cluster: string, log: LogName): Subjects => {
  const base = `k8s.${encodeToken(cluster)}.${log}`
  const objects = `${base}.o.`
  return {
    stream: `K8S_${encodeToken(cluster)}_${log}`,
    all: `${base}.>`,
    objects: `${objects}>`,
    metas: `${base}.m.>`,
    meta: (what) => `${base}.m.${what}`,
    object: (key) => objects + key.split("/").map(encodeToken).join("."),
    keyOf: (subject) =>
      subject.startsWith(objects) ? subject.slice(objects.length).split(".").map(decodeToken).join("/") : undefined
  }
}
