/** What a package says of itself, in its keelson.json. */
import { Schema, SemVer, SemVerRange } from "effect"
import { ConfigurationSchema } from "./ConfigurationSchema.ts"

const { Array: List, Int, Literals, String: Text, Struct, optionalKey } = Schema

/** What a manifest may ask for. That a package is remote is said by the object that names its machine. */
export const isolations = ["in-process", "worker", "process", "sandbox"] as const
export const Isolation = Literals(isolations)

const Count = Int.check(Schema.isGreaterThanOrEqualTo(1))
const Version = Text.check(
  Schema.makeFilter((text) => SemVer.parse(text)._tag === "Success" || `${text} is no version such as 1.0.0`)
)
const Range = Text.check(
  Schema.makeFilter((text) => SemVerRange.parse(text)._tag === "Success" || `${text} is no range of versions such as ^1.0.0`)
)
const Uses = Struct({ contract: Text, version: Range })

/** The first words of Keelson's own contracts. */
export const reserved: ReadonlyArray<string> = [
  ...["admission", "apiserver", "audit", "authentication", "authorization", "cloud", "controllers", "custom-resources"],
  ...["dns", "encryption", "ingress", "kernel", "kube-proxy", "kubelet", "scheduler", "snapshots", "virtual-node", "volumes"]
]
export const isReserved = (contract: string) => reserved.includes(contract.split("/")[0] ?? "")

/**
 * A contract that the package has made itself, by what it is called on the wire: servers lead other packages to it, and read nothing
 * of what is said. Of a second major that is offered beside the first the name has the number, as `acme/Prices@2`.
 */
const Own = Struct({
  contract: Text.check(
    Schema.isPattern(/^[a-z0-9][-a-z0-9.]*\/[A-Za-z0-9]+(@[0-9]+)?$/, { message: "a contract is called as in acme/Prices" }),
    Schema.makeFilter(
      (name) => !isReserved(name) || `${name} is a name of Keelson's own: begin it with yours, as in acme/Prices`
    )
  ),
  version: Version,
  /** Those with one answer, and those whose answer is a stream. */
  methods: optionalKey(List(Text)),
  streams: optionalKey(List(Text))
})

/** Whether it is among these, in any major. */
export const isMade = (own: ReadonlyArray<typeof Own.Type>, contract: string) =>
  own.some((one) => one.contract.replace(/@[0-9]+$/, "") === contract)

const Some = List(Text).check(Schema.isMinLength(1))

/** A rule of RBAC: source, rbac.authorization.k8s.io/v1 PolicyRule. A ClusterRole has to take it. */
const Rule = Struct({
  verbs: Some,
  apiGroups: optionalKey(Some),
  resources: optionalKey(Some),
  resourceNames: optionalKey(List(Text)),
  nonResourceURLs: optionalKey(Some)
}).check(
  Schema.makeFilter(
    ({ apiGroups, nonResourceURLs, resources }) =>
      (nonResourceURLs === undefined
        ? apiGroups !== undefined && resources !== undefined
        : apiGroups === undefined && resources === undefined) ||
      'a rule has either apiGroups (`[""]` is the core group) and resources, or nonResourceURLs'
  )
)

const Absolute = Text.check(Schema.isPattern(/^\/./, { message: "an absolute path" }))
const Address = Text.check(
  Schema.makeFilter((text) => {
    const [, port] = /^.+:(\d{1,5})$/.exec(text) ?? []
    return (Number(port) >= 1 && Number(port) <= 65_535) || "a host and a port, such as prices.example:443"
  })
)

/** Those by which programs find what they are made of are not a plugin's to have. */
const Variable = Text.check(
  Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: "the name of a variable" }),
  Schema.makeFilter(
    (name) => !/^(PATH|HOME)$|^(LD|NODE|DENO|KEELSON)_/.test(name) || `${name} is not granted: a plugin has its own`
  )
)

export const Permissions = Struct({
  /** Of the API. */
  rules: optionalKey(List(Rule)),
  /** Absolute paths; with `:rw` behind it also to write. */
  files: optionalKey(List(Absolute)),
  /** `host:port`. */
  network: optionalKey(List(Address)),
  /** Absolute paths of programs. */
  commands: optionalKey(List(Absolute)),
  /** Names of variables of the environment. */
  environment: optionalKey(List(Variable))
})

const Inside = Text.check(
  Schema.makeFilter((path) => (!path.startsWith("/") && !path.split("/").includes("..")) || "it lies outside of the package")
)

/** When it is started again, and when it is left alone for a while. */
const Life = Struct({
  /** Left alone for `restSeconds` after so many deaths, each within `withinSeconds` of the one before. */
  deaths: optionalKey(Count),
  withinSeconds: optionalKey(Count),
  restSeconds: optionalKey(Count),
  /** Ended, and started again, after it has not given its thread back for so long; half a minute if nothing is said. */
  silentSeconds: optionalKey(Count),
  /** The same if it sends more messages in a second than this beyond what it is asked for. */
  messagesPerSecond: optionalKey(Count),
  /** Ended, and started again, after so many calls in a row without an answer. */
  failures: optionalKey(Count)
})

export const Manifest = Struct({
  name: Text.check(
    Schema.isPattern(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { message: "a name is lower case letters, digits and -" })
  ),
  version: Version,
  description: optionalKey(Text),
  /** The file that exports `plugin`, below the package's directory. */
  module: optionalKey(Inside),
  /** One that exports such a `plugin` too, and serves in its place while it is left alone. */
  fallbackModule: optionalKey(Inside),
  /**
   * Instead of a module: a program of any language and its arguments, which serves what it offers at sockets in the folder `{sockets}`.
   * `{state}` is a folder that stays, `{package}` the package's own.
   */
  command: optionalKey(List(Text).check(Schema.isMinLength(1))),
  offers: List(Uses),
  needs: optionalKey(List(Uses)),
  contracts: optionalKey(List(Own)),
  /** Where it runs if all that it offers are contracts of its own: on servers, if nothing is said. Otherwise these say where. */
  runsOn: optionalKey(Literals(["nodes", "servers"])),
  /** What has to be switched on in the cluster for it: versions of the API, such as `resource.k8s.io/v1`. Until they are served it waits. */
  capabilities: optionalKey(
    List(
      Text.check(Schema.isPattern(/^([a-z0-9.-]+\/)?v[0-9]+((alpha|beta)[0-9]+)?$/, { message: "GROUP/VERSION of the API" }))
    )
  ),
  permissions: optionalKey(Permissions),
  isolation: optionalKey(Isolation),
  resources: optionalKey(Struct({ memoryMiB: optionalKey(Count), cpuMillis: optionalKey(Count), pids: optionalKey(Count) })),
  /** JSON Schema of what the module is called with. */
  configuration: optionalKey(ConfigurationSchema),
  fallback: optionalKey(Literals(["Fail", "Ignore"])),
  life: optionalKey(Life)
}).check(
  Schema.makeFilter(
    ({ command, module }) => (command === undefined) !== (module === undefined) || "it has either a module or a command"
  ),
  Schema.makeFilter(
    ({ contracts = [], offers, runsOn }) =>
      runsOn === undefined ||
      offers.every(({ contract }) => isMade(contracts, contract)) ||
      "runsOn: what it offers besides its own contracts says where it runs"
  ),
  Schema.makeFilter(({ contracts = [], offers }) => {
    const idle = contracts.find(
      ({ contract }) => !offers.some((offer) => offer.contract === contract.replace(/@[0-9]+$/, ""))
    )
    return idle === undefined || `contracts: ${idle.contract} is not among what it offers`
  })
)
export type Manifest = typeof Manifest.Type
export const file = "keelson.json"
