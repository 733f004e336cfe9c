/** What the door tells the auditor of a request. While nobody listens there is nothing to tell, and nothing is made. */
import { Effect } from "effect"
import type { Schema } from "effect"
import type { TLSSocket } from "node:tls"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import { Audited } from "../../kernel/pipeline/Audit.ts"
import type { Auditor, Recording } from "../audit/contracts/Auditor.ts"
import { type Answer, jsonType } from "./Answer.ts"
import * as CborReader from "./CborReader.ts"
import * as Cbor from "./Cbor.ts"
import { header, type Incoming, type Outgoing } from "./Exchange.ts"
import { verbOf } from "./fairness/Fairness.ts"
import type { ObjectPath } from "./Path.ts"
import * as Protobuf from "./protobuf/Protobuf.ts"
import { type DoorError, statusOf } from "./Refused.ts"

export interface Asked {
  readonly incoming: Incoming
  readonly socket: TLSSocket
  readonly method: string
  /** Without the query. */
  readonly text: string
  readonly path: ObjectPath | undefined
  readonly isWatch: boolean
}

/** Whom those before us name, and who stands at the other end. */
const addressesOf = (incoming: Incoming, { remoteAddress = "" }: TLSSocket) => {
  const forwarded = (header(incoming, "x-forwarded-for") ?? header(incoming, "x-real-ip") ?? "")
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "")
  const own = remoteAddress.replace(/^::ffff:/, "")
  return own === "" || forwarded.at(-1) === own ? forwarded : [...forwarded, own]
}

/** Nothing, if no policy wants it. The client is told by which name the request is recorded. */
export const begin = (
  auditor: Auditor["Service"] | undefined,
  { incoming, isWatch, method, path, socket, text }: Asked,
  user: User | undefined,
  outgoing?: Outgoing
): Recording | undefined => {
  if (auditor === undefined || !auditor.isOn()) return undefined
  const recording = auditor.begin({
    uri: incoming.url ?? text,
    verb: verbOf({ method, path, isWatch }),
    user,
    addresses: addressesOf(incoming, socket),
    userAgent: header(incoming, "user-agent"),
    object: path,
    path: text
  })
  if (recording !== undefined) outgoing?.setHeader("audit-id", recording.id)
  return recording
}

/** What lasts is told of when its head is sent, too. */
export const watched = (recording: Recording | undefined, outgoing: Outgoing): void => {
  if (recording === undefined) return
  const writeHead = outgoing.writeHead.bind(outgoing)
  Object.assign(outgoing, {
    writeHead: (code: number, ...rest: [headers?: Parameters<Outgoing["writeHead"]>[1]]) => {
      recording.started(code)
      return writeHead(code, ...rest)
    }
  })
}

/** Whatever has to be said of the request on its way is said of it. */
export const recorded = <A, E, R>(recording: Recording | undefined, effect: Effect.Effect<A, E, R>) =>
  recording === undefined ? effect : Effect.provideService(effect, Audited, recording)

/** Failures are told of with their words, successes as much as is wanted. */
const objectOf = ({ wantsResponse }: Recording, answer: Answer): Schema.Json | undefined => {
  if (answer._tag === "Sent") return undefined
  const { code, type } = answer
  // A success in words is short, and told like a failure.
  const isStatus = answer._tag === "Whole" && typeof answer.body === "string" && answer.body.startsWith('{"kind":"Status"')
  if (code < 400 && !wantsResponse && !isStatus) return undefined
  const bytes = (): Buffer => (answer._tag === "Parts" ? Buffer.concat([...answer.parts]) : Buffer.from(answer.body))
  if (type.startsWith(jsonType)) return JSON.parse(bytes().toString())
  const read =
    type === Protobuf.mediaType
      ? Protobuf.decodeBody(bytes())
      : type === Cbor.mediaType
        ? CborReader.read(bytes())
        : undefined
  return read?._tag === "Success" ? read.success : undefined
}

/** Before the client has it. What comes in parts is whole then, since it can be gone through once. */
export const answered = (recording: Recording | undefined, answer: Answer): Answer => {
  if (recording === undefined) return answer
  if (answer._tag !== "Parts" || !recording.wantsResponse) {
    if (answer._tag !== "Sent") recording.complete(answer.code, objectOf(recording, answer))
    return answer
  }
  const parts = [...answer.parts]
  recording.complete(answer.code, objectOf(recording, { ...answer, parts }))
  return { ...answer, parts }
}

export const refused = (recording: Recording | undefined, error: DoorError): void => {
  if (recording === undefined) return
  const status = statusOf(error)
  recording.complete(status.code, status)
}
