/** Expressions that choose devices: `device.attributes["gpu.example.com"].model == "a"`. Source: Kubernetes' documentation, "Dynamic Resource Allocation". */
import { Result } from "effect"
import * as Quantities from "../../../kernel/resource/Quantity.ts"
import type { Declared } from "../Declared.ts"
import { standard } from "../library/Library.ts"
import { Quantity } from "../library/Quantities.ts"
import { parse } from "../library/Semvers.ts"
import * as Program from "../Program.ts"
import * as Type from "../Types.ts"
import { Dict, Entries, entries, Failure, typeName, type Value } from "../Values.ts"

export { format } from "../Types.ts"

/** What an evaluation may cost. */
export const maxCost = 1_000_000
/** So many attributes and capacities a device can have. */
const maxParts = 32

const byDomain = (value: Type.Type) => Type.map(Type.string, Type.map(Type.string, value))
const declared: Declared = {
  type: Type.object(
    "kubernetes.DRADevice",
    new Map([
      ["driver", Type.string],
      ["attributes", byDomain(Type.dyn)],
      ["capacity", byDomain(Type.struct("kubernetes.Quantity"))],
      ["allowMultipleAllocations", Type.bool]
    ])
  ),
  minSize: 1,
  maxElements: maxParts
}
const scope = { variables: new Map([["device", declared.type]]), functions: standard }

export interface Attribute {
  readonly bool?: boolean
  readonly int?: number
  readonly string?: string
  readonly version?: string
}
export interface Device {
  readonly driver: string
  readonly allowMultipleAllocations?: boolean
  readonly attributes?: { readonly [name: string]: Attribute }
  readonly capacity?: { readonly [name: string]: { readonly value: string } }
}
export interface Selector {
  readonly result: Type.Type
  readonly estimatedCost: number
  /** Why not is an error: the device says too little for the question, or the expression answers no yes or no. */
  readonly matches: (device: Device) => Result.Result<boolean, string>
}

const nothing = new Entries()

/** By domain and name. Of a domain that a device says nothing about, all is absent. */
class ByDomain extends Dict {
  private readonly domains = new Map<string, Dict>()
  constructor(driver: string, named: ReadonlyArray<readonly [name: string, value: Value]>) {
    super()
    const parts = named.map(([name, value]) => {
      const slash = name.indexOf("/")
      return { domain: slash < 0 ? driver : name.slice(0, slash), name: name.slice(slash + 1), value }
    })
    for (const [domain, all] of Map.groupBy(parts, ({ domain }) => domain))
      this.domains.set(domain, entries(all.map(({ name, value }) => [name, value])))
  }
  get size() {
    return this.domains.size
  }
  find(key: Value): Value | undefined {
    return (typeof key === "string" ? this.domains.get(key) : undefined) ?? nothing
  }
  override has(key: Value) {
    return typeof key === "string" && this.domains.has(key)
  }
  keys() {
    return this.domains.keys()
  }
}

const valueOf = ({ bool, int, string, version }: Attribute): Value => {
  if (int !== undefined) return BigInt(int)
  if (bool !== undefined) return bool
  if (string !== undefined) return string
  if (version === undefined) return new Failure("unsupported attribute value")
  return parse(version) ?? new Failure(`parse semantic version: ${version}`)
}

/** As expressions see it. */
const seen = ({
  allowMultipleAllocations = false,
  attributes = {},
  capacity = {},
  driver
}: Device): Result.Result<Dict, string> => {
  const named = Object.entries(attributes).map(([name, attribute]) => [name, valueOf(attribute)] as const)
  for (const [name, value] of named) if (value instanceof Failure) return Result.fail(`attribute ${name}: ${value.message}`)
  const amounts = Object.entries(capacity).map(([name, { value }]) => [name, new Quantity(Quantities.of(value))] as const)
  return Result.succeed(
    entries([
      ["driver", driver],
      ["attributes", new ByDomain(driver, named)],
      ["capacity", new ByDomain(driver, amounts)],
      ["allowMultipleAllocations", allowMultipleAllocations]
    ])
  )
}

export const compile = (expression: string): Result.Result<Selector, { readonly message: string }> =>
  Result.map(Program.compile(expression, scope), (program) => ({
    result: program.type,
    estimatedCost: Program.estimateOf(program, declared).max,
    matches: (device) =>
      Result.flatMap(seen(device), (value) => {
        const { value: answer } = program.run((name) => (name === "device" ? value : undefined), maxCost)
        if (answer instanceof Failure) return Result.fail(answer.message)
        return typeof answer === "boolean"
          ? Result.succeed(answer)
          : Result.fail(`CEL result of type ${typeName(answer)} could not be converted to bool`)
      })
  }))
