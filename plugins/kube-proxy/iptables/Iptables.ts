/** Services by iptables: upstream's chains in the tables `nat` and `filter`, of which a change touches only a Service's own. */
import { Effect, Layer } from "effect"
import type { Node } from "../Command.ts"
import { type ProxiedService, ServiceProxy } from "../contracts/ServiceProxy.ts"
import * as DataPlane from "../DataPlane.ts"
import type { PlaneOptions } from "../Options.ts"
import * as Ranges from "../Ranges.ts"
import * as EmptyTables from "./EmptyTables.ts"
import * as Frame from "./Frame.ts"
import * as Restore from "./Restore.ts"
import { type Compiled, compile } from "./Rules.ts"

type Family = DataPlane.Families[number]
const programs = { IPv4: "iptables", IPv6: "ip6tables" } as const
const loopbacks = { IPv4: "127.0.0.0/8", IPv6: "::1/128" } as const
const nothing: Compiled = { chains: new Map(), lines: [] }
const counted = /^\[(\d+):\d+\] -A KUBE-(?:SERVICES|NODEPORTS) .*--comment "?([^" ]+)/gm

/** The rules of one family. */
class Rules {
  readonly program: string
  readonly frame: ReturnType<typeof Frame.chains>
  private readonly services = new Map<string, Compiled>()
  readonly family: Family
  private readonly podCidrs: ReadonlyArray<string>
  constructor(family: Family, { nodePortAddresses = [], podCidr }: PlaneOptions) {
    this.family = family
    this.program = programs[family]
    this.podCidrs = Ranges.byFamily(podCidr)[family]
    this.frame = Frame.chains(Ranges.byFamily(nodePortAddresses.join(","))[family], loopbacks[family])
  }

  set({ name, ports }: ProxiedService): Restore.Change {
    const before = this.services.get(name) ?? nothing
    const mine = ports.filter(({ family }) => family === this.family)
    const after = mine.length === 0 ? nothing : compile({ name, ports: mine }, { podCidrs: this.podCidrs })
    if (after === nothing) this.services.delete(name)
    else this.services.set(name, after)
    return { before, after }
  }

  all(saved: string): string {
    return Restore.all(this.services.values(), this.frame, Restore.parse(saved))
  }
}

const plane = (node: Node, families: ReadonlyArray<Rules>): DataPlane.Plane<ReadonlyArray<Restore.Change>> => {
  const { run } = node
  const save = ({ program }: Rules) => run([`${program}-save`])
  const restore = ({ program }: Rules, text: string) =>
    text === "" ? Effect.void : Effect.asVoid(run([`${program}-restore`, "-w", "5", "--noflush"], text))
  const each = <E>(make: (rules: Rules, index: number) => Effect.Effect<unknown, E>) =>
    Effect.forEach(families, make, { discard: true })

  return {
    name: "iptables",
    note: (service) => families.map((rules) => rules.set(service)),
    change: (changes) =>
      each((rules, index) =>
        Effect.suspend(() => restore(rules, Restore.change(changes.flatMap((one) => one[index] ?? []))))
      ),
    all: each((rules) => Effect.flatMap(save(rules), (saved) => restore(rules, rules.all(saved)))),
    stands: Effect.isSuccess(
      each(({ program }) =>
        Effect.forEach(Frame.signs, ({ from, rule, table }) => {
          const words = Array.from(rule.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, word = ""]) => quoted ?? word)
          return run([program, "-w", "5", "-t", table, "-C", from, ...words])
        })
      )
    ),
    connections: Effect.fnUntraced(function* (services: ReadonlyArray<ProxiedService>) {
      const counts = new Map<string, number>()
      for (const { program } of families) {
        for (const [, packets, title = ""] of (yield* run([`${program}-save`, "-c", "-t", "nat"])).matchAll(counted)) {
          const [name = ""] = title.split(":")
          counts.set(name, (counts.get(name) ?? 0) + Number(packets))
        }
      }
      const wanted = new Set(services.map(({ name }) => name))
      return new Map([...counts].filter(([name]) => wanted.has(name)))
    }),
    remove: Effect.andThen(
      each((rules) =>
        Effect.flatMap(save(rules), (saved) => restore(rules, Restore.none(rules.frame, Restore.parse(saved))))
      ),
      EmptyTables.remove(node)
    )
  }
}

const rulesOf = (node: Node, options: PlaneOptions) =>
  Effect.map(DataPlane.familiesOf(node), (families) => families.map((family) => new Rules(family, options)))

export const make = Effect.fnUntraced(function* (node: Node, options: PlaneOptions) {
  const rules = yield* rulesOf(node, options)
  const families = rules.map(({ family }) => family)
  return yield* DataPlane.make(node, families, options, plane(node, rules))
})

export const layer = (node: Node, options: PlaneOptions) => Layer.effect(ServiceProxy, make(node, options))

/** Takes back what one that was killed has left. */
export const remove = (node: Node) =>
  Effect.flatMap(rulesOf(node, { podCidr: "" }), (families) => plane(node, families).remove)
