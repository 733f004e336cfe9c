/**
 * The controllers of a cluster: a line for each. Each acts under an account of its own, `kube-system:<first>-controller`, whose rights
 * are in `plugins/authorization/bootstrap/Controllers.ts`.
 */
import { Layer, type Schema } from "effect"
import type { Api } from "../kernel/client/Api.ts"
import type { Client } from "../kernel/client/Client.ts"
import type * as Plugin from "../kernel/plugin/Plugin.ts"
import * as AttachDetach from "../plugins/controllers/attachdetach/AttachDetach.ts"
import * as BootstrapSigner from "../plugins/controllers/bootstrap-signer/BootstrapSigner.ts"
import * as ClusterInfo from "../plugins/controllers/cluster-info/ClusterInfo.ts"
import * as CronJob from "../plugins/controllers/cronjob/CronJob.ts"
import * as CsrApproving from "../plugins/controllers/csr-approving/CsrApproving.ts"
import * as CsrCleaner from "../plugins/controllers/csr-cleaner/CsrCleaner.ts"
import * as CsrSigning from "../plugins/controllers/csr-signing/CsrSigning.ts"
import * as DaemonSet from "../plugins/controllers/daemonset/DaemonSet.ts"
import * as Deployment from "../plugins/controllers/deployment/Deployment.ts"
import * as Disruption from "../plugins/controllers/disruption/Disruption.ts"
import * as EphemeralVolume from "../plugins/controllers/ephemeral-volume/EphemeralVolume.ts"
import * as EndpointsController from "../plugins/controllers/endpoints/Endpoints.ts"
import * as EndpointSlices from "../plugins/controllers/endpointslice/EndpointSlice.ts"
import * as EndpointSliceMirroring from "../plugins/controllers/endpointslicemirroring/EndpointSliceMirroring.ts"
import * as GarbageCollector from "../plugins/controllers/garbage-collector/GarbageCollector.ts"
import * as Ingress from "../plugins/ingress/Ingress.ts"
import * as HorizontalPodAutoscaler from "../plugins/controllers/horizontal-pod-autoscaler/HorizontalPodAutoscaler.ts"
import * as Job from "../plugins/controllers/job/Job.ts"
import * as NamespaceController from "../plugins/controllers/namespace/Namespace.ts"
import * as NodeIpam from "../plugins/controllers/node-ipam/NodeIpam.ts"
import * as NodeLifecycle from "../plugins/controllers/node-lifecycle/NodeLifecycle.ts"
import * as PersistentVolumeBinder from "../plugins/controllers/persistent-volume-binder/PersistentVolumeBinder.ts"
import * as PodGc from "../plugins/controllers/podgc/PodGc.ts"
import * as ReplicaSet from "../plugins/controllers/replicaset/ReplicaSet.ts"
import * as ReplicationController from "../plugins/controllers/replicaset/ReplicationController.ts"
import * as ResourceClaim from "../plugins/controllers/resourceclaim/ResourceClaim.ts"
import * as ResourceQuota from "../plugins/controllers/resourcequota/ResourceQuota.ts"
import * as RootCa from "../plugins/controllers/root-ca/RootCa.ts"
import * as ServiceAccount from "../plugins/controllers/serviceaccount/ServiceAccount.ts"
import * as ServiceAccountToken from "../plugins/controllers/serviceaccount-token/ServiceAccountToken.ts"
import * as ServiceCidrs from "../plugins/controllers/service-cidrs/ServiceCidrs.ts"
import * as StatefulSet from "../plugins/controllers/statefulset/StatefulSet.ts"
import * as StorageVersionMigrator from "../plugins/controllers/storage-version-migrator/StorageVersionMigrator.ts"
import * as AttributesClassProtection from "../plugins/controllers/storage-protection/AttributesClasses.ts"
import * as ClaimProtection from "../plugins/controllers/storage-protection/Claims.ts"
import * as VolumeProtection from "../plugins/controllers/storage-protection/Volumes.ts"
import * as TokenCleaner from "../plugins/controllers/token-cleaner/TokenCleaner.ts"
import * as PersistentVolumeExpander from "../plugins/controllers/persistent-volume-expander/PersistentVolumeExpander.ts"
import * as Ttl from "../plugins/controllers/ttl/Ttl.ts"
import * as TtlAfterFinished from "../plugins/controllers/ttl-after-finished/TtlAfterFinished.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"

export interface Options {
  /** PEM: what Pods trust. */
  readonly ca: string
  readonly podCidr: string
  /** Absent: somebody else's serves Ingresses, or nobody. */
  readonly ingress?: Ingress.Options
  /** What machines need that join, and the authority that signs for them. */
  readonly joining: {
    readonly info: ClusterInfo.Options
    readonly approve: CsrApproving.Options
    readonly sign: CsrSigning.Options
  }
}

/** What tokens that lie in Secrets are signed with. */
interface Signing {
  readonly authentication: { readonly signingKey: string }
}

/** Runs a plugin under the account `<name>-controller`; what it is called with in a thread of its own. */
type Run<E, R> = (
  name: string,
  plugin: Plugin.Plugin<never, Client | Api>,
  module: URL,
  options?: Schema.Json
) => Layer.Layer<never, E, R>

export const controllers = <E, R>(run: Run<E, R>, { authentication, ca, ingress, joining, podCidr }: Options & Signing) =>
  Layer.mergeAll(
    run(
      "namespace",
      NamespaceController.plugin(),
      new URL("../plugins/controllers/namespace/Namespace.ts", import.meta.url)
    ),
    run(
      "service-account",
      ServiceAccount.plugin,
      new URL("../plugins/controllers/serviceaccount/ServiceAccount.ts", import.meta.url)
    ),
    run(
      "service-account-token",
      ServiceAccountToken.plugin({ ca, signingKey: authentication.signingKey }),
      new URL("../plugins/controllers/serviceaccount-token/ServiceAccountToken.ts", import.meta.url),
      { ca, signingKey: authentication.signingKey }
    ),
    run(
      "root-ca-cert-publisher",
      RootCa.plugin({ ca }),
      new URL("../plugins/controllers/root-ca/RootCa.ts", import.meta.url),
      { ca }
    ),
    run("replicaset", ReplicaSet.plugin, new URL("../plugins/controllers/replicaset/ReplicaSet.ts", import.meta.url)),
    run(
      "replication",
      ReplicationController.plugin,
      new URL("../plugins/controllers/replicaset/ReplicationController.ts", import.meta.url)
    ),
    run("deployment", Deployment.plugin, new URL("../plugins/controllers/deployment/Deployment.ts", import.meta.url)),
    run("endpoint", EndpointsController.plugin, new URL("../plugins/controllers/endpoints/Endpoints.ts", import.meta.url)),
    run(
      "endpointslice",
      EndpointSlices.plugin,
      new URL("../plugins/controllers/endpointslice/EndpointSlice.ts", import.meta.url)
    ),
    run(
      "endpointslicemirroring",
      EndpointSliceMirroring.plugin,
      new URL("../plugins/controllers/endpointslicemirroring/EndpointSliceMirroring.ts", import.meta.url)
    ),
    run(
      "generic-garbage-collector",
      GarbageCollector.plugin(),
      new URL("../plugins/controllers/garbage-collector/GarbageCollector.ts", import.meta.url)
    ),
    run("node", NodeLifecycle.plugin, new URL("../plugins/controllers/node-lifecycle/NodeLifecycle.ts", import.meta.url)),
    run(
      "node-ipam",
      NodeIpam.plugin({ podCidrs: Addresses.list(podCidr) }),
      new URL("../plugins/controllers/node-ipam/NodeIpam.ts", import.meta.url)
    ),
    run("daemon-set", DaemonSet.plugin, new URL("../plugins/controllers/daemonset/DaemonSet.ts", import.meta.url)),
    run("statefulset", StatefulSet.plugin, new URL("../plugins/controllers/statefulset/StatefulSet.ts", import.meta.url)),
    run("job", Job.plugin, new URL("../plugins/controllers/job/Job.ts", import.meta.url)),
    run("cronjob", CronJob.plugin, new URL("../plugins/controllers/cronjob/CronJob.ts", import.meta.url)),
    run(
      "horizontal-pod-autoscaler",
      HorizontalPodAutoscaler.plugin,
      new URL("../plugins/controllers/horizontal-pod-autoscaler/HorizontalPodAutoscaler.ts", import.meta.url)
    ),
    run("disruption", Disruption.plugin, new URL("../plugins/controllers/disruption/Disruption.ts", import.meta.url)),
    run(
      "resourcequota",
      ResourceQuota.plugin,
      new URL("../plugins/controllers/resourcequota/ResourceQuota.ts", import.meta.url)
    ),
    run(
      "resource-claim",
      ResourceClaim.plugin,
      new URL("../plugins/controllers/resourceclaim/ResourceClaim.ts", import.meta.url)
    ),
    ingress === undefined
      ? Layer.empty
      : run("ingress", Ingress.plugin(ingress), new URL("../plugins/ingress/Ingress.ts", import.meta.url), {
          ports: { ...ingress.ports }
        }),
    run(
      "service-cidrs",
      ServiceCidrs.plugin(),
      new URL("../plugins/controllers/service-cidrs/ServiceCidrs.ts", import.meta.url)
    ),
    run(
      "storage-version-migrator",
      StorageVersionMigrator.plugin,
      new URL("../plugins/controllers/storage-version-migrator/StorageVersionMigrator.ts", import.meta.url)
    ),
    run("ttl", Ttl.plugin, new URL("../plugins/controllers/ttl/Ttl.ts", import.meta.url)),
    run(
      "attachdetach",
      AttachDetach.plugin,
      new URL("../plugins/controllers/attachdetach/AttachDetach.ts", import.meta.url)
    ),
    run(
      "expand",
      PersistentVolumeExpander.plugin,
      new URL("../plugins/controllers/persistent-volume-expander/PersistentVolumeExpander.ts", import.meta.url)
    ),
    run(
      "ttl-after-finished",
      TtlAfterFinished.plugin,
      new URL("../plugins/controllers/ttl-after-finished/TtlAfterFinished.ts", import.meta.url)
    ),
    run(
      "certificate",
      CsrApproving.plugin(joining.approve),
      new URL("../plugins/controllers/csr-approving/CsrApproving.ts", import.meta.url),
      { ...joining.approve }
    ),
    run(
      "certificate",
      CsrSigning.plugin(joining.sign),
      new URL("../plugins/controllers/csr-signing/CsrSigning.ts", import.meta.url),
      { ca: { ...joining.sign.ca } }
    ),
    run("certificate", CsrCleaner.plugin, new URL("../plugins/controllers/csr-cleaner/CsrCleaner.ts", import.meta.url)),
    run(
      "cluster-info",
      ClusterInfo.plugin(joining.info),
      new URL("../plugins/controllers/cluster-info/ClusterInfo.ts", import.meta.url),
      { ...joining.info }
    ),
    run(
      "bootstrap-signer",
      BootstrapSigner.plugin,
      new URL("../plugins/controllers/bootstrap-signer/BootstrapSigner.ts", import.meta.url)
    ),
    run(
      "token-cleaner",
      TokenCleaner.plugin,
      new URL("../plugins/controllers/token-cleaner/TokenCleaner.ts", import.meta.url)
    ),
    run(
      "persistent-volume-binder",
      PersistentVolumeBinder.plugin,
      new URL("../plugins/controllers/persistent-volume-binder/PersistentVolumeBinder.ts", import.meta.url)
    ),
    run(
      "ephemeral-volume",
      EphemeralVolume.plugin,
      new URL("../plugins/controllers/ephemeral-volume/EphemeralVolume.ts", import.meta.url)
    ),
    run(
      "pvc-protection",
      ClaimProtection.plugin,
      new URL("../plugins/controllers/storage-protection/Claims.ts", import.meta.url)
    ),
    run(
      "pv-protection",
      VolumeProtection.plugin,
      new URL("../plugins/controllers/storage-protection/Volumes.ts", import.meta.url)
    ),
    run(
      "volumeattributesclass-protection",
      AttributesClassProtection.plugin,
      new URL("../plugins/controllers/storage-protection/AttributesClasses.ts", import.meta.url)
    ),
    run("pod-garbage-collector", PodGc.plugin, new URL("../plugins/controllers/podgc/PodGc.ts", import.meta.url))
  )
