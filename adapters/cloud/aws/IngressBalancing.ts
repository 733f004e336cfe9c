/** The contract `IngressBalancers` on AWS: one application load balancer for each Ingress. */
import type { Action, Listener } from "@aws-sdk/client-elastic-load-balancing-v2"
import { Effect, Semaphore } from "effect"
import {
  type Backend,
  type IngressBalancer,
  IngressBalancers,
  type IngressReference,
  type Wanted
} from "../../../plugins/cloud/contracts/IngressBalancers.ts"
import type { Target } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import { NotReady } from "../../../plugins/cloud/contracts/Cloud.ts"
import * as Balancers from "./Balancers.ts"
import { Failed } from "../Failed.ts"
import { type Calls, hasCode, refused } from "./Calls.ts"
import * as Certificates from "./Certificates.ts"
import type { Machines } from "./Machines.ts"
import * as Names from "./Names.ts"
import * as Rules from "./Rules.ts"
import { healthCheckOf } from "./Wanted.ts"

const told = <A, E, R>(effect: Effect.Effect<A, E | Failed, R>) =>
  Effect.mapError(effect, (error) => (error instanceof Failed ? refused(error) : error))

const listOf = (text: string) => text.split(",").flatMap((one) => one.trim() || [])
const secured: Action = { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" } }

export const make = (calls: Calls, machines: Machines, options: Balancers.Options) => {
  const { elb, makeElb } = calls
  const parts = Balancers.make(calls, options)
  const rules = Rules.make(calls)
  const certificates = Certificates.make(calls)
  const nameOf = (cluster: string, ingress: IngressReference) => Names.ofBalancer(cluster, ingress)

  /** The listener of a port as it shall be. The first certificate is shown to who names no host. */
  const listened = Effect.fnUntraced(function* (
    LoadBalancerArn: string,
    port: 80 | 443,
    DefaultActions: Array<Action>,
    arns: ReadonlyArray<string>,
    found: Listener | undefined
  ) {
    const shown = found?.Certificates?.[0]?.CertificateArn
    const first = shown !== undefined && arns.includes(shown) ? shown : arns[0]
    const security = first === undefined ? {} : { Certificates: [{ CertificateArn: first }] }
    if (found === undefined) {
      const Protocol = port === 80 ? "HTTP" : "HTTPS"
      const { Listeners = [] } = yield* makeElb((client, { CreateListenerCommand }, options) =>
        client.send(
          new CreateListenerCommand({ LoadBalancerArn, Port: port, Protocol, DefaultActions, ...security }),
          options
        )
      ).pipe(
        Effect.catch((error) =>
          Effect.fail(
            hasCode(error, "DuplicateListener") ? new NotReady({ reason: error.message, retryAfterSeconds: 1 }) : error
          )
        )
      )
      return Listeners[0]?.ListenerArn ?? ""
    }
    const { ListenerArn = "" } = found
    if (Rules.deedOf(found.DefaultActions) !== Rules.deedOf(DefaultActions) || shown !== first)
      yield* elb((client, { ModifyListenerCommand }, options) =>
        client.send(new ModifyListenerCommand({ ListenerArn, DefaultActions, ...security }), options)
      )
    return ListenerArn
  })

  /** Shown to who names a host that they are for. */
  const showing = Effect.fnUntraced(function* (ListenerArn: string, arns: ReadonlyArray<string>) {
    const now = yield* elb(async (client, { paginateDescribeListenerCertificates }, options) => {
      const found: Array<string> = []
      for await (const { Certificates = [] } of paginateDescribeListenerCertificates({ client }, { ListenerArn }, options))
        found.push(...Certificates.flatMap(({ CertificateArn }) => CertificateArn ?? []))
      return found
    })
    const missing = arns.filter((arn) => !now.includes(arn)).map((CertificateArn) => ({ CertificateArn }))
    const surplus = now.filter((arn) => !arns.includes(arn)).map((CertificateArn) => ({ CertificateArn }))
    if (missing.length > 0)
      yield* elb((client, { AddListenerCertificatesCommand }, options) =>
        client.send(new AddListenerCertificatesCommand({ ListenerArn, Certificates: missing }), options)
      )
    if (surplus.length > 0)
      yield* elb((client, { RemoveListenerCertificatesCommand }, options) =>
        client.send(new RemoveListenerCertificatesCommand({ ListenerArn, Certificates: surplus }), options)
      )
  })

  const get = Effect.fnUntraced(function* (cluster: string, ingress: IngressReference) {
    const name = nameOf(cluster, ingress)
    const found = yield* parts.balancer(name)
    const groups = yield* parts.targetGroups(`${name}-`)
    const imported = (yield* certificates.all(cluster)).filter((one) => one.ingress.uid === ingress.uid)
    if (found === undefined && groups.length + imported.length === 0) return null
    const listeners = found === undefined ? [] : yield* parts.listeners(found.LoadBalancerArn ?? "")
    const [group] = groups
    const ids = group === undefined ? [] : yield* parts.targetsOf(group.TargetGroupArn ?? "")
    const known = yield* machines.providerIds(ids)
    const nodePortOf = (arn: string) => groups.find(({ TargetGroupArn }) => TargetGroupArn === arn)?.Port ?? 0
    // With TLS, that of HTTP may lead there and have none of its own.
    const main = listeners.find(({ Port }) => Port === 443) ?? listeners[0]
    const there: IngressBalancer = {
      ingress,
      addresses: found?.DNSName === undefined ? [] : [{ ip: "", hostname: found.DNSName, ipMode: "Proxy" }],
      listeners: listeners.map(({ Port = 0, Protocol }) => ({
        protocol: Protocol === "HTTPS" ? "HTTPS" : "HTTP",
        port: Port
      })),
      paths: main?.ListenerArn === undefined ? [] : yield* rules.told(main.ListenerArn, nodePortOf),
      certificates: imported.map(({ name }) => name),
      targets: ids.map((id) => known.get(id) ?? `aws:////${id}`).toSorted()
    }
    return there
  })

  const healthOf = (wanted: Wanted, { healthCheck }: Backend) => {
    const check = healthCheckOf(healthCheck)
    const path = Rules.annotation(wanted, "healthcheck-path")
    const port = Rules.annotation(wanted, "healthcheck-port")
    return { ...check, ...(path !== "" && { HealthCheckPath: path }), ...(port !== "" && { HealthCheckPort: port }) }
  }

  const made = Effect.fnUntraced(function* (cluster: string, wanted: Wanted) {
    const groups = listOf(Rules.annotation(wanted, "security-groups"))
    return yield* parts.created(cluster, {
      Name: nameOf(cluster, wanted.ingress),
      Type: "application",
      Scheme: Rules.annotation(wanted, "scheme") === "internal" ? "internal" : "internet-facing",
      Tags: Names.ingresses.tags(cluster, wanted.ingress),
      ...(groups.length > 0 && { SecurityGroups: groups })
    })
  })

  const ensure = Effect.fnUntraced(function* (cluster: string, wanted: Wanted, targets: ReadonlyArray<Target>) {
    yield* Rules.checked(wanted)
    const { ingress, otherwise, paths } = wanted
    const name = nameOf(cluster, ingress)
    const { DNSName = "", LoadBalancerArn = "", VpcId = "" } = yield* made(cluster, wanted)
    const existing = yield* parts.targetGroups(`${name}-`)
    const Tags = Names.ingresses.tags(cluster, ingress)
    const backends = [...paths.map(({ backend }) => backend), ...(otherwise === null ? [] : [otherwise])]
    const served = new Map(backends.filter(({ nodePort }) => nodePort > 0).map((one) => [one.nodePort, one]))
    const groups = new Map<number, string>()
    for (const [Port, backend] of served)
      groups.set(
        Port,
        yield* parts.grouped(name, { Protocol: "HTTP", Port, VpcId, Tags }, healthOf(wanted, backend), existing)
      )
    yield* Effect.forEach(groups.values(), (group) => parts.directed(group, targets), { discard: true })

    const imported = (yield* certificates.all(cluster)).filter((one) => one.ingress.uid === ingress.uid)
    const own = yield* certificates.kept(cluster, ingress, wanted.certificates, imported)
    const arns = [...new Set([...own, ...listOf(Rules.annotation(wanted, "certificate-arn"))])]
    const standard = Rules.actionsOf(
      otherwise === null ? undefined : groups.get(otherwise.nodePort),
      otherwise === null ? "404" : "503"
    )
    const isLed = arns.length > 0 && Rules.annotation(wanted, "ssl-redirect") === "443"
    const listeners = yield* parts.listeners(LoadBalancerArn)
    for (const port of arns.length > 0 ? ([443, 80] as const) : ([80] as const)) {
      const leads = isLed && port === 80
      const before = listeners.find(({ Port }) => Port === port)
      const shown = port === 443 ? arns : []
      const listener = yield* listened(LoadBalancerArn, port, leads ? [secured] : standard, shown, before)
      if (port === 443) yield* showing(listener, arns)
      yield* rules.kept(listener, leads ? [] : paths, (nodePort) => groups.get(nodePort))
    }
    if (arns.length === 0) yield* parts.unlistened(listeners.filter(({ Port }) => Port !== 80))
    const kept = new Set(groups.values())
    for (const { TargetGroupArn = "" } of existing) if (!kept.has(TargetGroupArn)) yield* parts.deleteGroup(TargetGroupArn)
    yield* Effect.forEach(
      imported.filter(({ arn }) => !own.includes(arn)),
      certificates.remove,
      { discard: true }
    )
    const now: IngressBalancer = {
      ingress,
      addresses: [{ ip: "", hostname: DNSName, ipMode: "Proxy" }],
      listeners: [{ protocol: "HTTP", port: 80 }, ...(arns.length > 0 ? [{ protocol: "HTTPS" as const, port: 443 }] : [])],
      paths: paths.map(({ backend: { nodePort }, host, path, pathType }) => ({ host, path, pathType, nodePort })),
      certificates: wanted.certificates.map((one) => one.name),
      targets: targets.map(({ providerID }) => providerID).toSorted()
    }
    return now
  })

  const remove = Effect.fnUntraced(function* (cluster: string, ingress: IngressReference) {
    yield* parts.remove(nameOf(cluster, ingress))
    const imported = (yield* certificates.all(cluster)).filter((one) => one.ingress.uid === ingress.uid)
    yield* Effect.forEach(imported, certificates.remove, { discard: true })
  })

  const list = Effect.fnUntraced(function* (cluster: string) {
    const tagged = yield* parts.tagged(Names.ofCluster(cluster))
    const ingresses = [
      ...tagged.flatMap((tags) => Names.ingresses.of(cluster, tags) ?? []),
      ...(yield* certificates.all(cluster)).map(({ ingress }) => ingress)
    ]
    return [...new Map(ingresses.map((ingress) => [ingress.uid, ingress])).values()]
  })

  /** By uid: one call after another for one Ingress. What is done for others does not wait. */
  const turns = new Map<string, Semaphore.Semaphore>()
  const inTurn = ({ uid }: IngressReference) => {
    const turn = turns.get(uid) ?? Semaphore.makeUnsafe(1)
    turns.set(uid, turn)
    return turn.withPermit
  }
  return IngressBalancers.of({
    get: ({ cluster, ingress }) => told(get(cluster, ingress)),
    ensure: ({ cluster, targets, wanted }) => inTurn(wanted.ingress)(told(ensure(cluster, wanted, targets))),
    remove: ({ cluster, ingress }) => inTurn(ingress)(told(remove(cluster, ingress))),
    list: ({ cluster }) => told(list(cluster))
  })
}
