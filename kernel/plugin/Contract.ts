/**
 * A contract is a value: the schemas of its methods, a version and its laws. From that one value come the service's type,
 * the direct implementation without serialisation, both ends of every transport, version negotiation and documentation.
 */
import { Context, Effect, Layer, Predicate, Schema, SchemaGetter, SemVer, SemVerRange, Stream } from "effect"
import * as Direct from "./Direct.ts"
import * as Origin from "./Origin.ts"
import * as Reading from "./Reading.ts"
import { Rpc, RpcClient, RpcClientError, RpcGroup, RpcSchema, RpcServer } from "effect/rpc"

/** Whoever serves the contract did not answer. `applied` says whether the call may have had its effect all the same. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  contract: Schema.String,
  applied: Schema.Literals(["no", "unknown"]),
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `${this.contract} is unavailable: ${Predicate.hasProperty(this.cause, "message") ? this.cause.message : this.cause}`
  }
}

export class VersionSkew extends Schema.TaggedError<VersionSkew>()("VersionSkew", {
  contract: Schema.String,
  wanted: Schema.String,
  offered: Schema.String
}) {}

/** Bytes that stay bytes: frames are structured clones or CBOR, which need no base64. */
export const Bytes = Schema.Uint8Array.annotate({
  toCodecJson: () => undefined,
  description: "A byte string of CBOR."
})

/** All that may stand in a signature: a function, a Scope or a socket is a type error. */
type Data = null | boolean | number | string | Uint8Array | ReadonlyArray<Data> | { readonly [key: string]: Data }
type DataSchema = Schema.Top & { readonly Encoded: Data | void }

/** What nobody foresaw, in the words of where it happened. */
const Defect = Schema.Defect().pipe(
  Schema.decodeTo(Schema.Unknown, { decode: SchemaGetter.passthrough(), encode: SchemaGetter.transform(Origin.placed) })
)

const Doc = Context.Reference<string>("kernel/Contract/Doc", { defaultValue: () => "" })
/** What a method is for. */
export const docOf = (annotations: Context.Context<never>) => Context.get(annotations, Doc)

/** Declares a method. Every one can also fail with `Unavailable`, because its server may be restarted or replaced. */
export const method = <
  const Tag extends string,
  const Errors extends ReadonlyArray<Schema.Top>,
  Payload extends { readonly [field: string]: DataSchema } | Schema.Void = Schema.Void,
  Success extends DataSchema = Schema.Void,
  const Streams extends boolean = false
>(
  tag: Tag,
  {
    doc,
    errors,
    ...schemas
  }: {
    readonly doc: string
    readonly payload?: Payload
    readonly success?: Success
    readonly stream?: Streams
    readonly errors: Errors
  }
) => Rpc.make(tag, { ...schemas, error: Schema.Union([Unavailable, ...errors]), defect: Defect }).annotate(Doc, doc)

/** What a consumer calls and what an implementation is. */
export type Service<R extends Rpc.Any> = {
  readonly [M in R as M["_tag"]]: (
    payload: Rpc.Payload<M>
  ) => Rpc.Success<M> extends Stream.Stream<infer A, infer E>
    ? Stream.Stream<A, E>
    : Effect.Effect<Rpc.Success<M>, Rpc.Error<M>>
}

type AnyMethod = Rpc.Rpc<string, Schema.Codec<unknown>, Schema.Codec<unknown>, Schema.Codec<unknown>>

export interface Contract<Self, S> extends Context.Key<Self, S> {
  readonly version: SemVer.VersionString
  /** The oldest implementations that its consumers can do with: they ask these for nothing that came later. Without it, `version`. */
  readonly since?: SemVer.VersionString
  readonly laws: Readonly<Record<string, string>>
  /** Laws of powers that an implementation may lack. */
  readonly optional?: ReadonlyArray<string>
  readonly group: RpcGroup.RpcGroup<AnyMethod>
}

export const make =
  <Self>() =>
  <const Key extends string, const Laws extends Readonly<Record<string, string>>, const Rpcs extends ReadonlyArray<Rpc.Any>>(
    key: Key,
    about: {
      readonly version: SemVer.VersionString
      readonly since?: SemVer.VersionString
      readonly laws: Laws
      readonly optional?: ReadonlyArray<NoInfer<keyof Laws & string>>
    },
    ...rpcs: Rpcs
  ) =>
    Object.assign(Context.Service<Self, Service<Rpcs[number]>>()(key), {
      ...about,
      // `Service` keeps the types of the methods. To transports and slots, which reach them by tag, all are alike.
      group: RpcGroup.make(...rpcs) as unknown as RpcGroup.RpcGroup<AnyMethod>
    })

/**
 * What a contract is called, whatever its major version. One that is served beside an older major has the number in its key, as in
 * `acme/Prices@2`: so it has slots, connections and implementations of its own, and one plugin can offer both.
 */
export const nameOf = ({ key }: Pick<Contract<unknown, unknown>, "key">) => key.replace(/@[0-9]+$/, "")

/** One of several implementations of a contract that are used side by side: the same contract under a key of its own. */
export const instance = <Self, S>(contract: Contract<Self, S>, name: string): Contract<Self, S> =>
  Object.assign(Context.Service<Self, S>()(`${contract.key}#${name}`), {
    version: contract.version,
    laws: contract.laws,
    ...(contract.since !== undefined && { since: contract.since }),
    ...(contract.optional !== undefined && { optional: contract.optional }),
    group: contract.group
  })

export type Answer = Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>

/** A service made method by method. Its tags are those that `S` was computed from, hence the cast. */
export const derive = <Self, S>(
  { group }: Contract<Self, S>,
  make: (tag: string, streams: boolean) => (payload: unknown) => Answer
) =>
  Object.fromEntries(
    group.requests.entries().map(([tag, { successSchema }]) => [tag, make(tag, RpcSchema.isStreamSchema(successSchema))])
  ) as S

const Hello = Rpc.make("hello", { success: Schema.String })

/** How a transport says that it had no connection to send a call over. */
export const unsent = "the call was not sent"
const isUnsent = ({ reason }: RpcClientError.RpcClientError) =>
  reason._tag === "RpcClientDefect" && reason.message === unsent

/** What a consumer asks of an implementation at least. */
export const wanted = ({ since, version }: Pick<Contract<unknown, unknown>, "since" | "version">): SemVer.VersionString => {
  if (since !== undefined) return since
  return version
}

/** An implementation serves all consumers of its major version that are not newer than itself, or can do with it all the same. */
export const compatible = (contract: string, wanted: SemVer.VersionString, offered: string) =>
  SemVerRange.matches(SemVerRange.caret(wanted), SemVer.parseUnsafe(offered))
    ? Effect.void
    : Effect.fail(new VersionSkew({ contract, wanted, offered }))

/** The consumer's end of any transport. `name`: what is unavailable while nobody answers. */
export const client = <Self, S>(contract: Contract<Self, S>, name = contract.key) =>
  Layer.effect(contract)(
    Effect.gen(function* () {
      const lost = (cause: unknown, applied: "no" | "unknown" = "unknown") =>
        new Unavailable({ contract: name, applied, cause })
      const remote = yield* RpcClient.make(contract.group.add(Hello), { flatten: true, spanPrefix: contract.key })
      const offered = yield* remote("hello", undefined).pipe(
        Effect.timeout("10 seconds"),
        Effect.mapError((cause) => lost(cause))
      )
      yield* compatible(contract.key, wanted(contract), offered)
      const known = (error: unknown) =>
        error instanceof RpcClientError.RpcClientError ? lost(error, isUnsent(error) ? "no" : "unknown") : error
      const guard = (answer: Answer) =>
        Stream.isStream(answer)
          ? answer.pipe(
              Stream.mapError(known),
              Stream.catchDefect((defect) => Stream.fail(lost(defect)))
            )
          : answer.pipe(
              Effect.mapError(known),
              Effect.catchDefect((defect) => Effect.fail(lost(defect)))
            )
      const direct = yield* Effect.serviceOption(Direct.Calls)
      const broken = (cause: unknown, isSent: boolean) => lost(cause, isSent ? "unknown" : "no")
      return derive(contract, (tag, streams) => {
        const long = (payload: unknown) => guard(remote(tag, payload))
        const rpc = contract.group.requests.get(tag)
        if (rpc === undefined || direct._tag === "None") return long
        // The long way gives what the method has: a stream, or an Effect with one answer; hence the casts.
        if (streams)
          return Reading.reader(direct.value, rpc, broken, long as (payload: unknown) => Stream.Stream<unknown, unknown>)
        return Direct.caller(direct.value, rpc, broken, long as (payload: unknown) => Effect.Effect<unknown, unknown>)
      })
    })
  )

/** The implementation's end of any transport: serves the contract by the service in its context. */
export const server = <Self, S>(contract: Contract<Self, S>) => {
  const group = contract.group.add(Hello)
  const handlers = Effect.map(contract, (service) => ({ ...service, hello: () => Effect.succeed(contract.version) }))
  const served = RpcServer.layer(group, { disableFatalDefects: true, spanPrefix: contract.key })
  const single = [...contract.group.requests.values()].filter(
    ({ successSchema }) => !RpcSchema.isStreamSchema(successSchema)
  )
  // The methods of a service by their tags: those with one answer are Effects.
  const direct = Layer.effectDiscard(
    Effect.flatMap(contract, (service) => Direct.serve(single, service as Parameters<typeof Direct.serve>[1]))
  )
  return Layer.merge(Layer.provide(served, group.toLayer(handlers)), direct)
}
