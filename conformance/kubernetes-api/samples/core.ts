/** A small, right object of each kind of the core that runs nothing, of networks and of storage. */
import type { JsonObject } from "../Json.ts"

const labels = { app: "a" }
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }

export const samples: { readonly [kind: string]: JsonObject } = {
  "/ConfigMap": { data: { a: "1", b: "2" } },
  "/Secret": { data: { a: "YQ==" }, stringData: { b: "b" } },
  "/ServiceAccount": {},
  "/Namespace": {},
  "/Service": { spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8080 }] } },
  "/Endpoints": { subsets: [{ addresses: [{ ip: "10.1.2.3" }], ports: [{ port: 80 }] }] },
  "/Event": { involvedObject: { kind: "Pod", name: "p" }, reason: "R", message: "m", type: "Normal" },
  "/LimitRange": { spec: { limits: [{ type: "Pod", max: { memory: "100Gi" } }] } },
  "/ResourceQuota": { spec: { hard: { "count/widgets.example.com": "5" } } },
  "/PersistentVolumeClaim": { spec: claim },
  "/PersistentVolume": {
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/data" } }
  },
  "/Node": { spec: { podCIDR: "10.244.9.0/24" } },
  "events.k8s.io/Event": {
    eventTime: "2030-01-02T03:04:05.000000Z",
    action: "Do",
    reason: "R",
    type: "Normal",
    reportingController: "example.com/c",
    reportingInstance: "i",
    regarding: { kind: "Pod", name: "p" }
  },
  "coordination.k8s.io/Lease": { spec: { holderIdentity: "me", leaseDurationSeconds: 10 } },
  "coordination.k8s.io/LeaseCandidate": {
    spec: { leaseName: "l", strategy: "OldestEmulationVersion", binaryVersion: "1.36.0", emulationVersion: "1.36.0" }
  },
  "discovery.k8s.io/EndpointSlice": {
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.1.2.3"], conditions: { ready: true } }],
    ports: [{ name: "http", port: 80, protocol: "TCP" }]
  },
  "networking.k8s.io/Ingress": {
    spec: {
      rules: [
        {
          host: "a.example",
          http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "s", port: { number: 80 } } } }] }
        }
      ]
    }
  },
  "networking.k8s.io/IngressClass": { spec: { controller: "example.com/ingress" } },
  "networking.k8s.io/NetworkPolicy": {
    spec: { podSelector: { matchLabels: labels }, ingress: [{ ports: [{ port: 80, protocol: "TCP" }] }] }
  },
  "networking.k8s.io/IPAddress": {
    spec: { parentRef: { resource: "services", namespace: "default", name: "s" } }
  },
  "networking.k8s.io/ServiceCIDR": { spec: { cidrs: ["10.200.0.0/24"] } },
  "storage.k8s.io/StorageClass": { provisioner: "example.com/p" },
  "storage.k8s.io/CSIDriver": { spec: { attachRequired: false } },
  "storage.k8s.io/CSINode": { spec: { drivers: [{ name: "d.example.com", nodeID: "n", topologyKeys: ["zone"] }] } },
  "storage.k8s.io/CSIStorageCapacity": { storageClassName: "sc", capacity: "1Gi" },
  "storage.k8s.io/VolumeAttachment": {
    spec: { attacher: "d.example.com", nodeName: "n", source: { persistentVolumeName: "pv" } }
  },
  "storage.k8s.io/VolumeAttributesClass": { driverName: "d.example.com", parameters: { iops: "100" } }
}
