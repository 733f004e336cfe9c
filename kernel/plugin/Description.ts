/**
 * A contract as data, made from its value: what a plugin in another language, or its author, needs to keep it or to call it over a
 * socket. The schemas are JSON Schema 2020-12 of the data model of CBOR, in which bytes are byte strings.
 */
import { type JsonSchema, Schema } from "effect"
import { RpcSchema } from "effect/rpc"
import type * as Contract from "./Contract.ts"
import { docOf } from "./Contract.ts"

export class TwoMeanings extends Schema.TaggedError<TwoMeanings>()("TwoMeanings", { name: Schema.String }) {
  override get message() {
    return `two schemas of one contract are called ${this.name}: give one of them another identifier`
  }
}

/** What is said over a socket, whatever the contract. */
export const protocol = {
  transport:
    "A unix socket of mode 0600 for each contract; between machines TLS with certificates of both sides, to the other machine or to servers of NATS.",
  frame:
    "Four bytes, big-endian: the length of the rest, at most 2^30. The rest is one list of messages, in CBOR (RFC 8949).",
  greeting: "Whoever connects is greeted by the server, in a frame of its own: [{ contract, version }].",
  versions: "Semantic versions. A server serves those who were made for its major version and are not newer than itself.",
  hello: 'Every server has the method "hello", without payload, whose answer is its version.',
  request:
    '{ _tag: "Request", id, tag, payload, headers, traceId, spanId, sampled }. `id` is a number or text that the caller chose; `tag` names the method. Requests run side by side, and are answered in any order.',
  answer:
    '{ _tag: "Exit", requestId, exit }, once for each request. `exit` is { _tag: "Success", value } or { _tag: "Failure", cause }.',
  failure:
    '`cause` is a list of { _tag: "Fail", error }: an error of the contract; { _tag: "Die", defect }: a defect of the server, told to callers as Unavailable; { _tag: "Interrupt", fiberId }: it was cancelled.',
  stream:
    '{ _tag: "Chunk", requestId, values } as often as there is something, each answered by { _tag: "Ack", requestId } before the next may be sent: nobody is flooded. The Exit comes last, with the value null.',
  cancellation:
    '{ _tag: "Interrupt", requestId } from the caller ends a request; its Exit follows. So does the end of the connection.',
  deadlines: "The caller keeps them, and interrupts what takes longer. A server sets none.",
  liveness: '{ _tag: "Ping" } is answered by { _tag: "Pong" }.',
  unavailable:
    "Every method can fail with Unavailable { applied }: `no` if the call was never sent, `unknown` if its answer was lost. A caller repeats only what may be repeated.",
  nothing:
    "A method without payload or answer has null in its place. Unknown fields are ignored; optional ones are left out, not null."
} as const

type Definitions = { readonly [name: string]: JsonSchema.JsonSchema }

/** The schema, whose references go to `definitions` of the whole. */
const collector = () => {
  const definitions: Record<string, JsonSchema.JsonSchema> = {}
  const schemaOf = (schema: Schema.Top) => {
    const document = Schema.toJsonSchemaDocument(schema)
    const found: Definitions = document.definitions
    for (const [name, definition] of Object.entries(found)) {
      const known = definitions[name]
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) throw new TwoMeanings({ name })
      definitions[name] = definition
    }
    return document.schema
  }
  return { definitions, schemaOf }
}

export const describe = ({ group, key, laws, optional = [], version }: Contract.Contract<unknown, unknown>) => {
  const { definitions, schemaOf } = collector()
  const methods = Array.from(group.requests.values(), ({ _tag, annotations, errorSchema, payloadSchema, successSchema }) => {
    const isStream = RpcSchema.isStreamSchema(successSchema)
    const { error, success } = isStream ? successSchema : { success: successSchema, error: errorSchema }
    return {
      method: _tag,
      doc: docOf(annotations),
      stream: isStream,
      payload: schemaOf(payloadSchema),
      answer: schemaOf(success),
      errors: schemaOf(error)
    }
  })
  return { contract: key, version, protocol, laws, optional, methods, $defs: definitions }
}
