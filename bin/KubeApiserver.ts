/**
 * A program that stands where upstream's kube-apiserver does, for what starts one of its own, such as controller-runtime's envtest: the
 * flags that concern the API are upstream's, and the others are taken and named. It keeps its objects in SQLite in `--cert-dir`
 * and needs no etcd; like upstream's it runs no controllers.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, FileSystem, Layer, Option, References, Runtime, Schema } from "effect"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"
import * as Policy from "../kernel/pipeline/Policy.ts"
import * as Tokens from "../plugins/authentication/Tokens.ts"
import * as Certificates from "../plugins/certificates/Certificates.ts"
import * as Requests from "../plugins/certificates/contracts/Requests.ts"
import * as AdmissionConfiguration from "./AdmissionConfiguration.ts"
import * as ControlPlane from "./ControlPlane.ts"
import * as Keys from "./Keys.ts"
import { addressIn } from "./Settings.ts"
import { version } from "./Version.ts"

class BadFlag extends Schema.TaggedError<BadFlag>()("BadFlag", { message: Schema.String }) {}

/** Each with what it is worth where it is not given. */
const flags = {
  "cert-dir": "/var/run/kubernetes",
  "bind-address": "0.0.0.0",
  "advertise-address": "127.0.0.1",
  "secure-port": "6443",
  "tls-cert-file": "",
  "tls-private-key-file": "",
  "client-ca-file": "",
  "authorization-mode": "AlwaysAllow",
  "disable-admission-plugins": "",
  "admission-control-config-file": "",
  "service-account-issuer": "https://kubernetes.default.svc",
  "service-account-key-file": "",
  "service-account-signing-key-file": "",
  "service-cluster-ip-range": "10.0.0.0/24",
  /** Not upstream's: Pods get nodes without another program. */
  scheduler: "false"
}
type Flags = typeof flags

const help = `kube-apiserver of keelson ${version.keelson}, which serves the API of Kubernetes ${version.kubernetes}

Flags (others are ignored):
${Object.entries(flags)
  .map(([name, value]) => `  --${name}${value === "" ? "" : ` (default ${value})`}`)
  .join("\n")}
`

const isFlag = (name: string): name is keyof Flags => Object.hasOwn(flags, name)

const given = Effect.gen(function* () {
  const known = Object.keys(flags).map((name) => [name, { type: "string" }] as const)
  const { values } = parseArgs({ args: process.argv.slice(2), options: Object.fromEntries(known), strict: false })
  const all = { ...flags }
  for (const [name, value] of Object.entries(values)) if (isFlag(name)) all[name] = String(value)
  const ignored = Object.keys(values).filter((name) => !isFlag(name))
  if (ignored.length > 0) yield* Effect.logInfo(`not used: --${ignored.join(", --")}`)
  const port = Number(all["secure-port"])
  if (Number.isInteger(port) && port > 0 && port < 65_536) return { ...all, port }
  return yield* new BadFlag({ message: `--secure-port=${all["secure-port"]}: expected a port from 1 to 65535` })
})

const read = Effect.fnUntraced(function* (flag: keyof Flags, path: string) {
  const files = yield* FileSystem.FileSystem
  return yield* Effect.mapError(
    files.readFileString(path),
    ({ message }) => new BadFlag({ message: `--${flag}=${path}: it cannot be read: ${message}` })
  )
})

/** The certificate that is named, or lies in `--cert-dir`; otherwise one of an authority made there. */
const servingOf = Effect.fnUntraced(function* (all: Flags, { issue }: Certificates.Certificates) {
  const files = yield* FileSystem.FileSystem
  const directory = all["cert-dir"]
  const cert = all["tls-cert-file"] || join(directory, "apiserver.crt")
  const key = all["tls-private-key-file"] || join(directory, "apiserver.key")
  if (all["tls-cert-file"] !== "" || (yield* files.exists(cert))) {
    return { cert: yield* read("tls-cert-file", cert), key: yield* read("tls-private-key-file", key) }
  }
  const serviceAddress = addressIn(all["service-cluster-ip-range"], 1)
  const hosts = [all["bind-address"], all["advertise-address"], "127.0.0.1"]
  return yield* issue("apiserver", Requests.apiServer({ serviceAddress, domain: "cluster.local", hosts }))
})

/** Who signs tokens, and whose tokens are believed. */
const authenticationOf = Effect.fnUntraced(function* (all: Flags, own: string) {
  const issuer = all["service-account-issuer"]
  const signer = all["service-account-signing-key-file"]
  const verifier = all["service-account-key-file"]
  return {
    signingKey: signer === "" ? own : yield* read("service-account-signing-key-file", signer),
    ...(verifier !== "" && { verifyingKeys: [yield* read("service-account-key-file", verifier)] }),
    issuer,
    audiences: [issuer]
  }
})

const everybody = Policy.Authorizers.add(0, () => ({ decision: "allow" }))

const run = Effect.gen(function* () {
  const { port, ...all } = yield* given
  const certificates = yield* Certificates.open(join(all["cert-dir"], "keelson"))
  const authentication = yield* authenticationOf(all, certificates.signing.privateKey)
  const kubelet = yield* certificates.issue("apiserver-kubelet-client", Requests.kubeletClient)
  const proxy = yield* Keys.openProxies(join(all["cert-dir"], "keelson"))
  const clientCa = all["client-ca-file"] === "" ? certificates.ca.cert : yield* read("client-ca-file", all["client-ca-file"])
  const file = join(all["cert-dir"], "keelson", "keelson.db")
  const [address, serviceCidr] = [all["advertise-address"], all["service-cluster-ip-range"]]
  const identity = `kube-apiserver-${port}`
  const [serviceAddress, dnsAddress] = [addressIn(serviceCidr, 1), addressIn(serviceCidr, 10)]
  const server = ControlPlane.alone({
    store: () => `SQLite in ${file}`,
    packages: { directory: join(all["cert-dir"], "keelson", "plugins"), host: identity, version: version.keelson },
    log: SqliteLog.layer({ file }),
    ca: certificates.ca.cert,
    serviceCidr,
    podSecurity: yield* AdmissionConfiguration.podSecurity(all["admission-control-config-file"]),
    authentication,
    aggregation: { clientCa, proxy },
    withoutAccounts: all["disable-admission-plugins"].split(",").includes("ServiceAccount"),
    scheduler: all.scheduler === "true",
    cluster: { identity, address, port, serviceAddress, dnsAddress },
    apiserver: {
      addresses: [all["bind-address"]],
      port,
      tls: yield* servingOf(all, certificates),
      clientCa,
      requestHeader: proxy,
      kubelet: { ca: certificates.ca.cert, ...kubelet },
      openid: {
        configuration: Tokens.discovery(authentication, `https://${address}:${port}/openid/v1/jwks`),
        keys: yield* Tokens.jwks(authentication)
      }
    }
  })
  const isOpen = all["authorization-mode"].split(",").includes("AlwaysAllow")
  yield* Layer.launch(isOpen ? Layer.provide(everybody, server) : server)
})

const told = (cause: Cause.Cause<unknown>) => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  return error instanceof Error && error.message !== "" ? error.message : Cause.pretty(cause)
}

const program = process.argv.some((one) => one === "--help" || one === "-h") ? Console.log(help) : run

program.pipe(
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.void
      : Effect.sync(() => process.stderr.write(`kube-apiserver: ${told(cause)}\n`))
  ),
  Effect.provideService(References.MinimumLogLevel, "Info"),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: Runtime.defaultTeardown })
)
