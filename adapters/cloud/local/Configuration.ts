/** What the local cloud is: where its machines are, and which addresses it has to give. A file that is read again when it is asked for. */
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { parse } from "yaml"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import * as Addresses from "../../../plugins/resources/contracts/Addresses.ts"

const { Array: List, Boolean, Literals, optionalKey, Record, String: Text, Struct } = Schema

const Label = Text.check(
  Schema.isPattern(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, { expected: "letters, digits, '-', '_' and '.'" })
)
const Range = Text.check(
  Schema.makeFilter((text: string) => Addresses.cidr(text) !== undefined || "expected a range such as 192.0.2.64/26")
)

const Machine = Struct({
  zone: optionalKey(Label),
  type: optionalKey(Label),
  addresses: optionalKey(List(Text)),
  state: optionalKey(Literals(["running", "stopped"]))
})

export const Configuration = Struct({
  region: optionalKey(Label),
  /** Of machines that say nothing else. */
  zone: optionalKey(Label),
  /** By the names of nodes. */
  machines: optionalKey(Record(Text, Machine)),
  /** Nodes that are not among the machines are deleted when they are not ready. */
  machinesAreAll: optionalKey(Boolean),
  /** Ranges that load balancers get their addresses of. */
  loadBalancerAddresses: optionalKey(List(Range))
})
export type Configuration = typeof Configuration.Type

const decode = Schema.decodeUnknownEffect(Configuration, { onExcessProperty: "error" })

/** YAML, over what is so where it says nothing. */
export const fromText = (text: string, standard: Configuration, source = "text"): Effect.Effect<Configuration, Refused> => {
  const refused = (cause: unknown) => new Refused({ reason: `the configuration of the cloud, ${source}: ${String(cause)}` })
  return Effect.try({ try: (): unknown => parse(text) ?? {}, catch: refused }).pipe(
    Effect.flatMap((value) => Effect.mapError(decode(value), refused)),
    Effect.map((given) => ({ ...standard, ...given }))
  )
}

/** Always as it is now. What cannot be read is told to whoever asks for it. */
export const fromFile = (file: string, standard: Configuration): Effect.Effect<Configuration, Refused> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) => new Refused({ reason: `the configuration of the cloud, ${file}: ${String(cause)}` })
  }).pipe(Effect.flatMap((text) => fromText(text, standard, file)))
