/** Spans kept in memory, and the few of them that are told as a tree which is the same in every run. */
import { Option, Tracer } from "effect"

export interface Recorder {
  readonly tracer: Tracer.Tracer
  readonly spans: Array<Tracer.Span>
}

export const recorder = (): Recorder => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { tracer, spans }
}

/** `Pipeline.create pods`: what a span did, and to which resource. */
const labelOf = ({ attributes, name }: Tracer.Span) => {
  const resource = attributes.get("resource")
  return typeof resource === "string" ? `${name} ${resource}` : name
}

interface Branch {
  readonly children: Map<string, Branch>
}

/** The spans that are `shown`, each below the nearest of its ancestors that is, and once there however often it happened. */
export const tree = (spans: ReadonlyArray<Tracer.Span>, shown: (span: Tracer.Span) => boolean) => {
  const root: Branch = { children: new Map() }
  const branches = new Map<string, Branch>()
  const branchOf = (span: Tracer.Span): Branch => {
    const known = branches.get(span.spanId)
    if (known !== undefined) return known
    const parent = Option.getOrUndefined(span.parent)
    const above = parent?._tag === "Span" ? branchOf(parent) : root
    const label = labelOf(span)
    const branch = shown(span) ? (above.children.get(label) ?? { children: new Map() }) : above
    if (shown(span)) above.children.set(label, branch)
    branches.set(span.spanId, branch)
    return branch
  }
  spans.forEach(branchOf)
  return root
}

/** Two spaces for each level; what stands beside one another in the order of `rank`, then of the alphabet. */
export const print = ({ children }: Branch, rank: (label: string) => number, indent = ""): ReadonlyArray<string> =>
  [...children]
    .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .flatMap(([label, branch]) => [`${indent}${label}`, ...print(branch, rank, `${indent}  `)])
