/** Of what the settings say, what a control plane is composed with: keys, addresses, files that they name. Where its log is kept is said elsewhere. */
import { Effect } from "effect"
import * as Tokens from "../plugins/authentication/Tokens.ts"
import { dns, ingress, kubeProxy, volumes } from "../plugins/certificates/contracts/Requests.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import * as AdmissionConfiguration from "./AdmissionConfiguration.ts"
import * as Audit from "./Audit.ts"
import * as Keys from "./Keys.ts"
import { lifetime } from "./Lifetime.ts"
import * as Members from "./Members.ts"
import * as Paths from "./Paths.ts"
import * as SchedulerConfiguration from "./SchedulerConfiguration.ts"
import type { Place } from "./Servers.ts"
import { addressIn, type Settings } from "./Settings.ts"
import { version } from "./Version.ts"

export const addressesOf = (settings: Settings) => [...new Set(["127.0.0.1", settings.nodeIp, Members.apiAddress(settings)])]

/** Who joins is told this address, knows the API by this authority, and is signed for by it. */
const joining = (settings: Settings, { ca }: Keys.ServerKeys) => {
  const { apiPort, clusterDomain, podCidr, serviceCidr } = settings
  const { hosts = [] } = Keys.apiServer(settings)
  return {
    info: {
      server: `https://${Keys.advertised(settings)}:${apiPort}`,
      ca: ca.cert,
      config: { podCidr, serviceCidr, clusterDomain }
    },
    approve: {
      parts: [dns, ingress, kubeProxy, volumes].map(({ commonName }) => commonName),
      reserved: hosts
    },
    sign: { ca }
  }
}

/** `place`: of one of several servers. */
export const make = Effect.fnUntraced(function* (
  settings: Settings,
  paths: Paths.Paths,
  keys: Keys.ServerKeys,
  place?: Place
) {
  const { apiPort, clusterDomain, nodeIp, nodeName, podCidr, serviceCidr } = settings
  const audit = yield* Audit.options(settings)
  // The same after a crash, so that who was killed takes up its work at once; no other process can have its name or its port.
  const { name, port } = place?.self ?? { name: nodeName, port: apiPort }
  const issuer = `https://kubernetes.default.svc.${clusterDomain}`
  const authentication = { signingKey: keys.signing.privateKey, issuer, audiences: [issuer] }
  return {
    apiserver: {
      addresses: addressesOf(settings),
      port,
      reusePort: settings.processes > 1,
      ...(place?.isLocal === true && { sharedPort: apiPort }),
      ...(place !== undefined && { linger: 2000 }),
      tls: keys.apiserver,
      clientCa: keys.ca.cert,
      requestHeader: keys.frontProxy,
      kubelet: { ca: keys.ca.cert, ...keys.kubeletClient },
      openid: {
        configuration: Tokens.discovery(authentication, `https://${nodeIp}:${apiPort}/openid/v1/jwks`),
        keys: yield* Tokens.jwks(authentication)
      }
    },
    authentication,
    ...(audit !== undefined && { audit }),
    aggregation: { clientCa: keys.ca.cert, proxy: keys.frontProxy },
    metricsServer: {
      address: Members.apiAddress(settings),
      tls: { ...keys.metricsServer, ca: keys.ca.cert },
      proxies: keys.frontProxy,
      kubelet: { ca: keys.ca.cert, ...keys.kubeletClient }
    },
    cluster: {
      identity: name,
      address: Members.apiAddress(settings),
      port,
      serviceAddress: addressIn(serviceCidr, 1),
      dnsAddress: addressIn(serviceCidr, 10)
    },
    serviceCidr,
    podSecurity: yield* AdmissionConfiguration.podSecurity(settings.admissionControlConfigFile),
    podCidr,
    scheduler:
      settings.scheduler === "none" ? settings.scheduler : yield* SchedulerConfiguration.read(settings.schedulerConfig),
    controllers: settings.controllers,
    cloud: {
      cloud: settings.cloud,
      configuration: settings.cloudConfig,
      cluster: settings.clusterName,
      podCidrs: settings.configureCloudRoutes === "true" ? Addresses.list(settings.podCidr) : [],
      loadBalancerCidr: settings.loadBalancerCidr
    },
    ca: keys.ca.cert,
    joining: joining(settings, keys),
    ...(settings.ingress !== "none" && {
      ingress: { ports: { http: settings.ingressHttpPort, https: settings.ingressHttpsPort } }
    }),
    packages: { directory: Paths.packages(paths), host: name, version: version.keelson },
    identity: `${name}_${port}`,
    isolate: settings.isolate,
    history: lifetime(settings.history) ?? 0
  }
})
