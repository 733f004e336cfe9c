/**
 * `npm run conformance -- kubernetes-api`: generated requests to Keelson's API and to a real kube-apiserver, and in what their answers
 * differ. Without endpoints it starts both, which needs kube-apiserver and etcd on this machine.
 */
import { Console, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Endpoint from "../stage/Endpoint.ts"
import * as KubeApiservers from "../stage/KubeApiservers.ts"
import * as Compare from "./Compare.ts"
import * as Description from "./Description.ts"
import * as Kubectl from "./Kubectl.ts"
import * as Plan from "./Plan.ts"
import * as Report from "./Report.ts"
import * as Side from "./Side.ts"

export class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}
export class Different extends Schema.TaggedError<Different>()("Different", { message: Schema.String }) {}

const flags = {
  endpoint: Flag.String("endpoint").pipe(
    Flag.withDescription("A kubeconfig of the API that is compared; without it this program's own is started"),
    Flag.withDefault("")
  ),
  beside: Flag.String("beside").pipe(
    Flag.withDescription("A kubeconfig of the kube-apiserver beside it; without it one is started"),
    Flag.withDefault("")
  ),
  seed: Flag.Int("seed").pipe(Flag.withDescription("Another seed, other random requests"), Flag.withDefault(1)),
  requests: Flag.Int("requests").pipe(Flag.withDescription("How many there are at least"), Flag.withDefault(2000)),
  from: Flag.Int("from").pipe(Flag.withDescription("Begin with the scenario of this number"), Flag.withDefault(0)),
  only: Flag.String("only").pipe(
    Flag.withDescription("Only scenarios whose names match this expression: ^apply/"),
    Flag.withDefault("")
  ),
  kubectl: Flag.Boolean("kubectl").pipe(
    Flag.withDescription("Also commands of a real kubectl, which is on the PATH; with --only '^$' nothing else"),
    Flag.withDefault(false)
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription(
      "A folder for every request with both answers, and for the report; an interrupted run is taken up there"
    ),
    Flag.withDefault("")
  )
}

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-law-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const beside = Effect.fnUntraced(function* (file: string) {
  if (file !== "") return yield* Endpoint.fromKubeconfig(file)
  const lacks = KubeApiservers.lacks()
  if (lacks.length === 0) return yield* KubeApiservers.upstream(yield* directory)
  return yield* new Refused({ message: `--beside is not given, and this machine lacks ${lacks.join(", ")}` })
})

const countOf = (scenarios: ReturnType<typeof Plan.all>) => scenarios.reduce((sum, { steps }) => sum + steps.length, 0)

/** As many random ones as it takes. */
const planned = (resources: ReadonlyArray<Description.Resource>, seed: number, requests: number) => {
  for (let rounds = 1; ; rounds++) {
    const all = Plan.all(resources, seed, rounds)
    if (countOf(all) >= requests) return all
  }
}

const fileOf = (out: string, seed: number) => join(out, `kubernetes-api-${seed}.jsonl`)

/** Of the scenarios that are through; of one that was interrupted everything is done again. */
const before = (out: string, seed: number): ReadonlyArray<Compare.Compared> => {
  try {
    return readFileSync(fileOf(out, seed), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
  } catch {
    // There was no run before.
    return []
  }
}

interface Asked {
  readonly endpoint: string
  readonly beside: string
  readonly seed: number
  readonly requests: number
  readonly from: number
  readonly only: string
  readonly kubectl: boolean
  readonly out: string
}

const run = Effect.fnUntraced(function* (asked: Asked) {
  const { beside: peer, endpoint, from, kubectl, only, out, requests, seed } = asked
  const upstream = yield* beside(peer)
  const keelson = yield* endpoint === "" ? KubeApiservers.keelson(yield* directory) : Endpoint.fromKubeconfig(endpoint)
  const [theirs, ours] = [yield* Side.make(upstream), yield* Side.make(keelson)]
  const resources = yield* Description.read(theirs)
  const pattern = new RegExp(only)
  const done = out === "" ? [] : before(out, seed)
  const known = new Set(done.map(({ number }) => number))
  const all = planned(resources, seed, requests)
    .map((scenario, number) => ({ scenario, number }))
    .filter(({ number, scenario }) => number >= from && !known.has(number) && pattern.test(scenario.name))
  const compared = [...done]
  if (out !== "") mkdirSync(out, { recursive: true })
  for (const { number, scenario } of all) {
    const own: Array<Compare.Compared> = []
    yield* Compare.run({ ours, theirs }, scenario, number, (one) => void own.push(one))
    compared.push(...own)
    if (out !== "") appendFileSync(fileOf(out, seed), own.map((one) => `${JSON.stringify(one)}\n`).join(""))
  }
  const replayed = kubectl ? yield* Kubectl.replay(yield* directory, keelson, upstream) : []
  const report = [Report.text(compared), ...(kubectl ? [Kubectl.text(replayed)] : [])].join("\n\n")
  if (out !== "") writeFileSync(join(out, `kubernetes-api-${seed}.txt`), `${report}\n`)
  yield* Console.log(report)
  if (compared.length + replayed.length === 0)
    return yield* new Refused({ message: "nothing was sent: no scenario is called that" })
  const different = compared.filter((one) => !Report.isEqual(one)).length
  if (different > 0) return yield* new Different({ message: `${different} requests were answered differently` })
}, Effect.scoped)

export const command = Command.make("kubernetes-api", flags, run).pipe(
  Command.withDescription("Compares Keelson's API with a real kube-apiserver's, request by request")
)
