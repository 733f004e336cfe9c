/** What the description does not say of a kind's names. By storage. Source: `kubectl api-resources` of Kubernetes 1.36. */

export const shortNames: { readonly [storage: string]: ReadonlyArray<string> } = {
  componentstatuses: ["cs"],
  configmaps: ["cm"],
  endpoints: ["ep"],
  events: ["ev"],
  limitranges: ["limits"],
  namespaces: ["ns"],
  nodes: ["no"],
  persistentvolumeclaims: ["pvc"],
  persistentvolumes: ["pv"],
  pods: ["po"],
  replicationcontrollers: ["rc"],
  resourcequotas: ["quota"],
  serviceaccounts: ["sa"],
  services: ["svc"],
  "customresourcedefinitions.apiextensions.k8s.io": ["crd", "crds"],
  "daemonsets.apps": ["ds"],
  "deployments.apps": ["deploy"],
  "replicasets.apps": ["rs"],
  "statefulsets.apps": ["sts"],
  "horizontalpodautoscalers.autoscaling": ["hpa"],
  "cronjobs.batch": ["cj"],
  "certificatesigningrequests.certificates.k8s.io": ["csr"],
  "ingresses.networking.k8s.io": ["ing"],
  "networkpolicies.networking.k8s.io": ["netpol"],
  "ipaddresses.networking.k8s.io": ["ip"],
  "poddisruptionbudgets.policy": ["pdb"],
  "priorityclasses.scheduling.k8s.io": ["pc"],
  "storageclasses.storage.k8s.io": ["sc"],
  "volumeattributesclasses.storage.k8s.io": ["vac"]
}

const all = ["all"]
export const categories: { readonly [storage: string]: ReadonlyArray<string> } = {
  pods: all,
  replicationcontrollers: all,
  services: all,
  "daemonsets.apps": all,
  "deployments.apps": all,
  "replicasets.apps": all,
  "statefulsets.apps": all,
  "horizontalpodautoscalers.autoscaling": all,
  "cronjobs.batch": all,
  "jobs.batch": all,
  "customresourcedefinitions.apiextensions.k8s.io": ["api-extensions"],
  "mutatingadmissionpolicies.admissionregistration.k8s.io": ["api-extensions"],
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io": ["api-extensions"],
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": ["api-extensions"],
  "validatingwebhookconfigurations.admissionregistration.k8s.io": ["api-extensions"],
  "validatingadmissionpolicies.admissionregistration.k8s.io": ["api-extensions"],
  "validatingadmissionpolicybindings.admissionregistration.k8s.io": ["api-extensions"],
  "apiservices.apiregistration.k8s.io": ["api-extensions"]
}

export const singulars: { readonly [storage: string]: string } = { endpoints: "endpoints" }

/** Logs other than `objects`: what is hot, or may be lost. */
export const logs: { readonly [storage: string]: "events" | "leases" } = {
  events: "events",
  "leases.coordination.k8s.io": "leases"
}
