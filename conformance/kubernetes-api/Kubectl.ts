/** A real kubectl, asked the same of both servers: whether it ends alike, and prints the same. */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { kubeconfig } from "../../plugins/certificates/contracts/Kubeconfig.ts"
import type { Endpoint } from "../stage/Endpoint.ts"
import { podSpec } from "./Rich.ts"

const namespace = "replay"
const labels = { app: "a" }
const container = { name: "c", image: "i" }

const objects = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sa1", namespace } },
  { apiVersion: "v1", kind: "Pod", metadata: { name: "p1", namespace, labels }, spec: { containers: [container] } },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d1", namespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } }
  },
  { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } }
]
const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cm1", namespace }, data: { a: "1" } }
const changed = { ...config, data: { a: "2" } }

/** FILE is a ConfigMap, CHANGED another of its name; COPY is not there. What is edited gets another value. */
const commands = [
  "version",
  "apply -f FILE",
  "apply -f FILE",
  "diff -f CHANGED",
  "apply -f CHANGED --dry-run=server",
  "apply -f CHANGED",
  "apply --server-side -f CHANGED",
  "apply --server-side -f FILE --field-manager other",
  "apply --server-side -f FILE --field-manager other --force-conflicts",
  "get cm cm1 -o yaml --show-managed-fields",
  "get cm cm1",
  "edit cm cm1",
  "get pods",
  "get pods -o wide",
  "get pods -w --request-timeout=3s",
  "get pods -A -o json",
  "get pods -l app=a --show-labels",
  "get pods --field-selector status.phase=Pending -o name",
  "get all",
  "get nodes",
  "get deploy,rs -o wide",
  "get pod p1 -o jsonpath={.spec.containers[*].image}",
  "get pods --sort-by=.metadata.name",
  "get nothing",
  "get pod nothing",
  "explain nothing",
  "explain pod.spec",
  "explain deployment.spec.strategy --recursive",
  "api-resources",
  "api-resources --namespaced=false -o name --sort-by=name",
  "get cs",
  "logs p1",
  "logs -f p1",
  "exec p1 -- ls",
  "attach p1",
  "port-forward pod/p1 :80",
  "cp p1:/etc/hosts COPY",
  "debug p1 --image=busybox",
  "get pod p1 -o jsonpath={.spec.ephemeralContainers[*].image}",
  "create token sa1",
  "create token sa1 --duration=10s",
  "create token nobody",
  "top pod",
  "top node",
  "auth can-i get pods",
  "auth can-i --list",
  "auth can-i create nothing --as nobody",
  "auth whoami",
  "rollout status deploy/d1 --timeout=2s",
  "rollout restart deploy/d1",
  "rollout history deploy/d1",
  "rollout undo deploy/d1",
  "rollout pause deploy/d1",
  "wait --for=condition=Ready pod/p1 --timeout=2s",
  "wait --for=jsonpath={.status.phase}=Pending pod/p1 --timeout=5s",
  "get events",
  "events",
  "scale deploy/d1 --replicas=2",
  "scale deploy/d1 --replicas=-2",
  "set image deploy/d1 main=x",
  "set env deploy/d1 A=b",
  "label pod p1 a=b --overwrite",
  "annotate pod p1 a=b",
  'patch deploy d1 -p {"spec":{"paused":false}}',
  'patch deploy d1 --type json -p [{"op":"remove","path":"/nothing"}]',
  "taint node node1 k=v:NoSchedule",
  "cordon node1",
  "drain node1 --force --timeout=4s",
  "describe pod p1",
  "describe deploy d1",
  "describe node node1",
  "create deploy x --image=y",
  "create job j --image=y",
  "create cm c --from-literal=a=b",
  "create secret generic s --from-literal=a=b",
  "create role r --verb=get --resource=pods",
  "create quota q --hard=pods=1",
  "run r1 --image=b",
  "expose deploy x --port=80",
  "autoscale deploy x --max=3",
  "replace -f FILE",
  "delete cm cm1 --timeout=4s",
  "delete cm cm1 --timeout=4s",
  "delete deploy x --cascade=orphan",
  "delete pod p1 --grace-period=0 --force",
  "api-versions",
  "cluster-info",
  "cluster-info dump"
]

interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

const editor = `sed -i '/^data:/a\\  edited: "yes"'`

const run = (file: string, command: string) =>
  Effect.callback<Ended>((resume) => {
    const args = ["--kubeconfig", file, "--cache-dir", `${file}.cache`, "-n", namespace, ...command.split(" ")]
    execFile("kubectl", args, { timeout: 60_000, env: { ...process.env, KUBE_EDITOR: editor } }, (error, out, words) =>
      resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? 1), out, error: words }))
    )
  })

/** Without what differs by time, place and chance, or belongs to neither server's answer. */
const plain = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UID")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "SHA256")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/https:\/\/[^\s"]+/g, "URL")
    .replaceAll(/\b(kube-api-access|debugger)-\w{5}\b/g, "$1-X")
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "TOKEN")
    .replaceAll(/\b\d+(\.\d+)*[smhd]?\b/g, "0")
    .replaceAll(/[^\S\n]+/g, " ")

export interface Replayed {
  readonly command: string
  readonly ours: Ended
  readonly theirs: Ended
  readonly difference: "exit code" | "output" | "words of failure" | undefined
}

const differenceOf = (ours: Ended, theirs: Ended): Replayed["difference"] => {
  if (ours.code !== theirs.code) return "exit code"
  if (plain(ours.out) !== plain(theirs.out)) return "output"
  return plain(ours.error) === plain(theirs.error) ? undefined : "words of failure"
}

const prepare = Effect.fnUntraced(function* (directory: string, name: string, endpoint: Endpoint) {
  const { ca = "", cert = "", key = "", server } = endpoint
  const file = join(directory, name)
  writeFileSync(file, kubeconfig({ server, ca, cert, key, user: "admin" }), { mode: 0o600 })
  const list = join(directory, "objects.json")
  writeFileSync(list, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }))
  yield* run(file, `create -f ${list}`)
  return file
})

export const replay = Effect.fnUntraced(function* (directory: string, ours: Endpoint, theirs: Endpoint) {
  const [FILE = "", CHANGED = "", COPY = ""] = ["config.json", "changed.json", "copy"].map((name) => join(directory, name))
  writeFileSync(FILE, JSON.stringify(config))
  writeFileSync(CHANGED, JSON.stringify(changed))
  const mine = yield* prepare(directory, "keelson.kubeconfig", ours)
  const other = yield* prepare(directory, "upstream.kubeconfig", theirs)
  const all: Array<Replayed> = []
  for (const command of commands) {
    const asked = command.replace("FILE", FILE).replace("CHANGED", CHANGED).replace("COPY", COPY)
    const [one, two] = yield* Effect.all([run(mine, asked), run(other, asked)], { concurrency: 2 })
    all.push({ command, ours: one, theirs: two, difference: differenceOf(one, two) })
  }
  return all
})

const shown = 20

/** The lines that only one of them has. */
const own = (one: Ended, other: Ended) => {
  const linesOf = ({ error, out }: Ended) => plain(`${out}${error}`).split("\n")
  const there = new Set(linesOf(other))
  return [`exit code ${one.code}`, ...linesOf(one).filter((line) => !there.has(line))]
    .slice(0, shown)
    .map((line) => `    ${line.trim()}`)
}

export const text = (all: ReadonlyArray<Replayed>) => {
  const different = all.filter(({ difference }) => difference !== undefined)
  return [
    ...different.map(({ command, difference, ours, theirs }) =>
      [`kubectl ${command}: ${difference}`, "  ours", ...own(ours, theirs), "  theirs", ...own(theirs, ours)].join("\n")
    ),
    `${all.length} commands of kubectl: ${all.length - different.length} equal, ${different.filter(({ difference }) => difference === "exit code").length} end otherwise, ${different.filter(({ difference }) => difference === "output").length} print otherwise`
  ].join("\n\n")
}
