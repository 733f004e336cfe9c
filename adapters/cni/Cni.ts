/**
 * The words of the CNI specification 1.1 as schemas, and how one of its programs is executed: parameters in the environment, the
 * configuration on standard input, the result or the error on standard output.
 */
import { Effect, Option, Schema } from "effect"
import { execFile } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { join } from "node:path"
import { Result } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"

const { Array: List, Boolean: Bool, Int, Json, Record, String: Text, Struct, fromJsonString, optionalKey } = Schema

export type Command = "ADD" | "DEL" | "CHECK" | "STATUS" | "GC" | "VERSION"

/** The error codes that the specification names. */
export const codes = {
  incompatibleVersion: 1,
  invalidEnvironment: 4,
  notDecoded: 6,
  invalidConfiguration: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  limited: 51,
  /** The first that is a plugin's own. */
  other: 100
} as const

/** What a plugin said went wrong. `code`: see `codes`. */
export class CniError extends Schema.TaggedError<CniError>()("CniError", {
  plugin: Text,
  command: Text,
  code: Int,
  msg: Text,
  details: Text
}) {
  override get message(): string {
    const details = this.details === "" || this.msg.includes(this.details) ? "" : `: ${this.details}`
    return `${this.plugin} ${this.command}: ${this.msg}${details}`
  }
}

/** A plugin of a list, with whatever else it is configured by. */
export const PluginConfig = Schema.StructWithRest(Struct({ type: Text, capabilities: optionalKey(Record(Text, Bool)) }), [
  Record(Text, Json)
])
export type PluginConfig = typeof PluginConfig.Type

/** A network configuration list: what stands in a `.conflist`. */
export const NetworkList = Struct({
  cniVersion: optionalKey(Text),
  cniVersions: optionalKey(List(Text)),
  name: Text,
  disableCheck: optionalKey(Bool),
  disableGC: optionalKey(Bool),
  plugins: List(PluginConfig)
})
export type NetworkList = typeof NetworkList.Type

export const Failure = Struct({ code: Int, msg: optionalKey(Text), details: optionalKey(Text) })
const Versions = Struct({ supportedVersions: List(Text) })

const decodeFailure = Schema.decodeUnknownOption(fromJsonString(Failure))
export const decodeJson = Schema.decodeUnknownEffect(fromJsonString(Json))
export const decodeResult = Schema.decodeUnknownEffect(Result)
const decodeVersions = Schema.decodeUnknownEffect(fromJsonString(Versions))

/** What a call is about. Only ADD, DEL and CHECK are about an attachment. */
export interface Attachment {
  readonly containerId: string
  readonly netns: string
  readonly ifname: string
  readonly args: ReadonlyArray<readonly [string, string]>
}

/** Where the programs lie: the folders of CNI_PATH. */
export type Programs = ReadonlyArray<string>

const isProgram = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
/** A plugin's type is the name of a file, never a path. */
export const find = (programs: Programs, type: string) =>
  /^[^/]+$/.test(type) ? programs.map((folder) => join(folder, type)).find(isProgram) : undefined

/** Where packages of the machine put them. */
const folders = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"]
export const programsOf = (given?: Programs): Programs => given ?? folders.filter((folder) => find([folder], "bridge"))

const environment = (programs: Programs, command: Command, attachment: Attachment | undefined) => ({
  PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
  CNI_COMMAND: command,
  CNI_PATH: programs.join(":"),
  ...(attachment !== undefined && {
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.netns,
    CNI_IFNAME: attachment.ifname,
    ...(attachment.args.length > 0 && {
      CNI_ARGS: attachment.args.map(([key, value]) => `${key}=${value}`).join(";")
    })
  })
})

/** An error as the specification writes it, or what a program that ends in another way says. */
const failureOf = (plugin: string, command: Command, stdout: string, said: string) => {
  const told = Option.getOrUndefined(decodeFailure(stdout))
  const text = said.trim()
  if (told === undefined) return new CniError({ plugin, command, code: codes.other, msg: text || "it failed", details: "" })
  return new CniError({ plugin, command, code: told.code, msg: told.msg ?? text, details: told.details ?? "" })
}

/** Its standard output. A program that is interrupted is killed, and may have done half of its work. */
export const execute = (
  programs: Programs,
  type: string,
  command: Command,
  input: Schema.Json,
  attachment?: Attachment
): Effect.Effect<string, CniError> =>
  Effect.callback<string, CniError>((resume) => {
    const program = find(programs, type)
    if (program === undefined) {
      const msg = `no CNI plugin ${type} in ${programs.join(", ")}: install containernetworking-plugins`
      return resume(Effect.fail(new CniError({ plugin: type, command, code: codes.other, msg, details: "" })))
    }
    const options = { env: environment(programs, command, attachment), maxBuffer: 16 * 1024 * 1024, cwd: "/" }
    const child = execFile(program, [], options, (error, stdout, stderr) =>
      resume(
        error === null ? Effect.succeed(stdout) : Effect.fail(failureOf(type, command, stdout, stderr || error.message))
      )
    )
    // A program that does not read its input is no failure.
    child.stdin?.on("error", () => undefined)
    child.stdin?.end(JSON.stringify(input))
    return Effect.sync(() => child.kill("SIGKILL"))
  }).pipe(Effect.withSpan(`cni.${command}`, { attributes: { plugin: type } }))

/** The versions that a plugin speaks. */
export const versions = (programs: Programs, type: string) =>
  execute(programs, type, "VERSION", { cniVersion: "1.1.0" }).pipe(
    Effect.flatMap((text) =>
      Effect.mapError(
        decodeVersions(text),
        ({ message }) =>
          new CniError({ plugin: type, command: "VERSION", code: codes.notDecoded, msg: message, details: "" })
      )
    ),
    Effect.map(({ supportedVersions }) => supportedVersions)
  )
