/** What an autoscaler scales: anything with the subresource `scale`, built in or not. */
import { Effect, Schema } from "effect"
import { Api, type WireObject } from "../../../kernel/client/Api.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { messageOf } from "../../../kernel/client/Status.ts"
import type * as Kind from "../../../kernel/resource/Kind.ts"
import * as CustomKinds from "../../custom-resources/contracts/CustomKinds.ts"
import type { CrossVersionObjectReference } from "../../resources/contracts/autoscaling/v2.ts"
import * as BuiltIn from "../contracts/BuiltIn.ts"

const { Int, String: Text, Struct, optionalKey } = Schema

const Scale = Struct({
  spec: optionalKey(Struct({ replicas: optionalKey(Int) })),
  status: optionalKey(Struct({ replicas: optionalKey(Int), selector: optionalKey(Text) }))
})
const decode = Schema.decodeUnknownEffect(Scale)

/** The target's scale could not be read, or written. */
export class NoScale extends Schema.TaggedError<NoScale>()("NoScale", { detail: Text }) {
  override get message() {
    return this.detail
  }
}

const groupVersion = (apiVersion = "") => {
  const [group = "", version] = apiVersion.split("/")
  return version === undefined ? { group: "", version: group } : { group, version }
}
const isServed = (kind: Kind.Any, group: string, name: string) =>
  kind.kind === name && kind.versions.some((version) => version.group === group)

export interface Scaled {
  readonly specReplicas: number
  readonly statusReplicas: number
  readonly selector: string
  /** Changes how many there shall be, if nobody else has meanwhile. */
  readonly scale: (replicas: number) => Effect.Effect<void, NoScale>
}

export const make = Effect.gen(function* () {
  const api = yield* Api
  const client = yield* Client
  const custom = yield* Effect.provideService(CustomKinds.follow, Client, client)

  const kindOf = ({ apiVersion, kind }: CrossVersionObjectReference) => {
    const { group } = groupVersion(apiVersion)
    const matches = (one: Kind.Any) => isServed(one, group, kind)
    return BuiltIn.kinds.find(matches) ?? custom.all().find(matches)
  }

  const read = Effect.fnUntraced(function* (namespace: string, reference: CrossVersionObjectReference) {
    const kind = kindOf(reference)
    const { group, version } = groupVersion(reference.apiVersion)
    if (kind === undefined) {
      const detail = `no matches for kind ${JSON.stringify(reference.kind)} in group ${JSON.stringify(group)}`
      return yield* new NoScale({ detail })
    }
    const at = { group, version, resource: kind.plural, namespace, name: reference.name, subresource: "scale" }
    const wire = yield* Effect.mapError(api.get(at), (error) => new NoScale({ detail: messageOf(error) }))
    const { spec, status } = yield* Effect.mapError(decode(wire), ({ message }) => new NoScale({ detail: message }))
    const scale = (replicas: number) => {
      const body: WireObject = { ...wire, spec: { replicas } }
      return Effect.asVoid(
        Effect.mapError(api.update({ ...at, body }), (error) => new NoScale({ detail: messageOf(error) }))
      )
    }
    const found: Scaled = {
      specReplicas: spec?.replicas ?? 0,
      statusReplicas: status?.replicas ?? 0,
      selector: status?.selector ?? "",
      scale
    }
    return found
  })

  const resourceOf = (reference: CrossVersionObjectReference) => {
    const kind = kindOf(reference)
    if (kind === undefined) return undefined
    const { group } = groupVersion(reference.apiVersion)
    return group === "" ? kind.plural : `${kind.plural}.${group}`
  }
  return { read, resourceOf }
})
