/** The balancers of the cloud in memory that know HTTP: each of their parts is made by a call of its own. */
import { Effect, Result } from "effect"
import { Refused } from "../../plugins/cloud/contracts/Cloud.ts"
import {
  type Certificate,
  type IngressBalancer,
  IngressBalancers,
  type IngressReference,
  type Wanted
} from "../../plugins/cloud/contracts/IngressBalancers.ts"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"

interface Balancer {
  readonly cluster: string
  readonly ingress: IngressReference
  readonly ip: string
  paths: IngressBalancer["paths"]
  certificates: ReadonlyArray<Certificate>
  targets: ReadonlyArray<string>
}

type Call = <A, E>(act: () => Result.Result<A, E>) => Effect.Effect<A, E | Unavailable>

export const make = (call: Call) => {
  const balancers = new Map<string, Balancer>()
  let made = 0
  const own = (cluster: string, { uid }: IngressReference) => {
    const found = balancers.get(uid)
    return found?.cluster === cluster ? found : undefined
  }
  const created = (cluster: string, { ingress, paths }: Wanted) =>
    call(() => {
      const special = paths.find(({ path }) => /[*?]/.test(path))
      if (special !== undefined) return Result.fail(new Refused({ reason: `this cloud has no path ${special.path}` }))
      const ip = `203.0.113.${++made % 256}`
      const balancer = own(cluster, ingress) ?? { cluster, ingress, ip, paths: [], certificates: [], targets: [] }
      balancers.set(ingress.uid, balancer)
      return Result.succeed(balancer)
    })
  const told = ({ certificates, ingress, ip, paths, targets }: Balancer): IngressBalancer => ({
    ingress,
    addresses: [{ ip, hostname: "", ipMode: "Proxy" }],
    listeners: [
      { protocol: "HTTP", port: 80 },
      ...(certificates.length > 0 ? [{ protocol: "HTTPS" as const, port: 443 }] : [])
    ],
    paths,
    certificates: certificates.map(({ name }) => name),
    targets
  })
  return {
    inventory: () =>
      balancers
        .values()
        .flatMap(({ certificates, ingress, paths, targets }) => [
          `ingress balancer of ${ingress.name}`,
          ...paths.map(({ host, nodePort, path }) => `path ${host}${path} ${nodePort}`),
          ...certificates.map(({ name }) => `certificate ${name}`),
          ...targets.map(() => "target of an ingress")
        ]),
    contract: IngressBalancers.of({
      get: ({ cluster, ingress }) =>
        Effect.map(
          call(() => Result.succeed(own(cluster, ingress))),
          (found) => (found === undefined ? null : told(found))
        ),
      ensure: Effect.fnUntraced(function* ({ cluster, targets, wanted }) {
        const balancer = yield* created(cluster, wanted)
        const paths = wanted.paths.map(({ backend: { nodePort }, host, path, pathType }) => ({
          ...{ host, path, pathType, nodePort }
        }))
        yield* call(() => Result.succeed((balancer.certificates = wanted.certificates)))
        yield* call(() => Result.succeed((balancer.paths = paths)))
        yield* call(() => Result.succeed((balancer.targets = targets.map(({ providerID }) => providerID))))
        return told(balancer)
      }),
      remove: Effect.fnUntraced(function* ({ cluster, ingress }) {
        const balancer = yield* call(() => Result.succeed(own(cluster, ingress)))
        if (balancer === undefined) return
        yield* call(() => Result.succeed((balancer.paths = [])))
        yield* call(() => Result.succeed(balancers.delete(ingress.uid)))
      }),
      list: ({ cluster }) =>
        call(() => Result.succeed([...balancers.values()].flatMap((one) => (one.cluster === cluster ? [one.ingress] : []))))
    })
  }
}
