/**
 * `npm run bench`, decoding: a full decode (validate, default, prune) of a Pod of 5 KB as a ratio to `JSON.parse` of the same
 * bytes. Both in turns within one run, the best of many, so that what the machine does besides hits both alike.
 */
import * as Decoder from "../kernel/resource/Decoder.ts"
import * as Shape from "../kernel/resource/Shape.ts"
import { Pod, type PodDraft } from "../plugins/resources/contracts/core/v1.ts"

const container = (name: string) => ({
  name,
  image: "registry.example/web:1.27",
  args: ["--port", "8080", "--verbose"],
  ports: [{ name: "http", containerPort: 8080 }, { containerPort: 9090 }],
  env: Array.from({ length: 10 }, (_, index) => ({ name: `VARIABLE_${index}`, value: `the value of variable ${index}` })),
  resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m", memory: "128Mi" } },
  volumeMounts: [
    { name: "data", mountPath: "/data" },
    { name: "token", mountPath: "/var/run/token", readOnly: true }
  ],
  livenessProbe: { httpGet: { path: "/healthz", port: 8080 }, initialDelaySeconds: 5 },
  readinessProbe: { httpGet: { port: "http" } }
})
const status = (name: string) => ({
  name,
  ready: true,
  restartCount: 0,
  image: "registry.example/web:1.27",
  imageID: `sha256:${"a".repeat(64)}`,
  state: { running: { startedAt: "2026-01-01T00:00:00Z" } }
})
const condition = (type: string) => ({ type, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" })
const names = ["web", "proxy", "agent"]
const pod: PodDraft = {
  metadata: { name: "web-abcde", namespace: "default", labels: { app: "web" }, annotations: { note: "x".repeat(400) } },
  spec: {
    containers: names.map(container),
    nodeName: "node-1",
    volumes: [
      { name: "data", emptyDir: {} },
      { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }
    ]
  },
  status: {
    phase: "Running",
    conditions: ["Initialized", "Ready", "PodScheduled"].map(condition),
    containerStatuses: names.map(status)
  }
}
const text = JSON.stringify({ apiVersion: "v1", kind: "Pod", ...pod })
const decode = Decoder.decode(Shape.of(Pod.versions[0].schema()))

const ways = {
  parse: () => JSON.parse(text),
  decode: () => decode(JSON.parse(text)),
  strict: () => decode(JSON.parse(text), { unknown: "Strict" })
}
const best = { parse: Number.POSITIVE_INFINITY, decode: Number.POSITIVE_INFINITY, strict: Number.POSITIVE_INFINITY }
const [rounds, times] = [40, 200]
for (let round = 0; round < rounds; round++)
  for (const way of ["parse", "decode", "strict"] as const) {
    const start = performance.now()
    for (let time = 0; time < times; time++) ways[way]()
    best[way] = Math.min(best[way], ((performance.now() - start) * 1000) / times)
  }

const line = (what: string, microseconds: number) =>
  console.log(`| ${what} | ${microseconds.toFixed(1)} µs | ${(microseconds / best.parse).toFixed(2)} × JSON.parse |`)
line(`JSON.parse of a Pod of ${text.length} bytes`, best.parse)
line("JSON.parse and full decode", best.decode)
line("JSON.parse and full decode, unknown fields reported", best.strict)
