/**
 * Gives every Pod an account, and its containers the account's token, the cluster's CA and the namespace as files. Source:
 * "Managing Service Accounts" of the Kubernetes documentation.
 */
import { Effect, Layer, Option, Random } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { WireObject } from "../../../kernel/client/Api.ts"
import { Forbidden } from "../../../kernel/client/Errors.ts"
import { type Admitted, Admissions } from "../../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import { type Container, Pod, type PodSpec, ServiceAccount, type Volume } from "../../resources/contracts/core/v1.ts"

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
const prefix = "kube-api-access-"
const mirror = "kubernetes.io/config.mirror"

/** A token is asked for an hour and seven seconds: by that number upstream's tools know where it comes from. */
const projected = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } }
    ]
  }
})

const hasToken = ({ volumeMounts = [] }: Container) => volumeMounts.some((mount) => mount.mountPath === mountPath)

const withToken = (spec: PodSpec, fresh: string): PodSpec => {
  const { containers, initContainers = [], volumes = [] } = spec
  if ([...containers, ...initContainers].every(hasToken)) return spec
  const present = volumes.find(({ name }) => name.startsWith(prefix))
  const name = present?.name ?? fresh
  const mounted = (container: Container): Container =>
    hasToken(container)
      ? container
      : { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }] }
  return {
    ...spec,
    volumes: present === undefined ? [...volumes, projected(name)] : volumes,
    containers: containers.map(mounted),
    ...(initContainers.length > 0 && { initContainers: initContainers.map(mounted) })
  }
}

/** `fresh` is the name of the volume, if one is to be made. */
export const complete = (spec: PodSpec, account: ServiceAccount, fresh: string): PodSpec => {
  const secrets = spec.imagePullSecrets?.length ? spec.imagePullSecrets : (account.imagePullSecrets ?? [])
  const named = {
    ...spec,
    serviceAccountName: account.metadata.name,
    serviceAccount: account.metadata.name,
    ...(secrets.length > 0 && { imagePullSecrets: secrets })
  }
  const mounts = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  return mounts ? withToken(named, fresh) : named
}

const letters = "bcdfghjklmnpqrstvwxz2456789"
const suffix = Effect.map(
  Effect.all(Array.from({ length: 5 }, () => Random.nextIntBetween(0, letters.length - 1))),
  (indexes) => indexes.map((index) => letters[index]).join("")
)

/**
 * The account, where need be from the log: another process may have made it just now. Every namespace gets an account "default"
 * soon after it begins, so for that one we wait a little.
 */
const find = (cache: Cache<ServiceAccount, never>, namespace: string, name: string) =>
  Effect.gen(function* () {
    const cached = cache.get({ namespace, name })
    if (cached !== undefined) return Option.some(cached)
    const look = (yield* Client).find(ServiceAccount, { namespace, name })
    let found = yield* look
    for (let tries = 0; name === "default" && Option.isNone(found) && tries < 15; tries++) {
      yield* Effect.sleep("100 millis")
      found = yield* look
    }
    return found
  })

const isNewPod = ({ attributes, kind, object, old }: Admitted) =>
  kind.storage === Pod.storage && attributes.subresource === "" && object !== undefined && old === undefined

/** What is admitted has been decoded as its kind, hence the casts. */
const mutate = (cache: Cache<ServiceAccount, never>) =>
  Effect.fnUntraced(function* ({ attributes, object }: Admitted) {
    const pod = object as unknown as Pod
    if (pod.spec === undefined || pod.metadata.annotations?.[mirror] !== undefined) return
    const { group, namespace, resource } = attributes
    const name = pod.spec.serviceAccountName || pod.spec.serviceAccount || "default"
    const account = yield* find(cache, namespace, name)
    if (Option.isNone(account)) {
      const why = `serviceaccount ${JSON.stringify(name)} not found`
      const detail = `error looking up service account ${namespace}/${name}: ${why}`
      return yield* new Forbidden({ group, resource, namespace, name: pod.metadata.name, detail })
    }
    const spec = complete(pod.spec, account.value, prefix + (yield* suffix))
    return { ...pod, spec } as unknown as WireObject
  })

export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const client = yield* Client
    const cache = yield* client.cache(ServiceAccount, { indexes: {} })
    const admit = mutate(cache)
    return Admissions.add({
      name: "ServiceAccount",
      order: 200,
      mutate: (request) => (isNewPod(request) ? Effect.provideService(admit(request), Client, client) : Effect.undefined)
    })
  })
)

export const plugin = Plugin.make({ name: "admission/service-account", layer })
