/** Mistakes in an expression, shown with the line of the source and a mark below it, as upstream prints them. */

export interface Issue {
  /** In code points from the start of the source. */
  readonly at: number
  readonly message: string
}

const mostShown = 100
const longestSnippet = 16384

/** In the order of the source. */
export const show = (source: string, issues: ReadonlyArray<Issue>): string => {
  const points = [...source]
  const sorted = issues.slice(0, mostShown).toSorted((a, b) => a.at - b.at)
  const shown = sorted.map((issue) => one(points, issue))
  const rest = issues.length - sorted.length
  return [...shown, ...(rest > 0 ? [`${rest} more errors were truncated`] : [])].join("\n")
}

const one = (points: ReadonlyArray<string>, { at, message }: Issue) => {
  // Of nothing, nothing can be shown.
  if (points.length === 0) return `ERROR: <input>:1:0: ${message}`
  const before = points.slice(0, Math.max(at, 0))
  const start = before.lastIndexOf("\n") + 1
  const line = before.filter((point) => point === "\n").length + 1
  const column = at < 0 ? 0 : at - start
  const head = `ERROR: <input>:${line}:${column + 1}: ${message}`
  const end = points.indexOf("\n", start)
  const snippet = points.slice(start, end === -1 ? points.length : end).map((point) => (point === "\t" ? " " : point))
  if (Buffer.byteLength(snippet.join("")) > longestSnippet) return head
  const isWide = (point: string | undefined) => point !== undefined && Buffer.byteLength(point) > 1
  const dots = snippet.slice(0, column).map((point) => (isWide(point) ? "\uff0e" : "."))
  return `${head}\n | ${snippet.join("")}\n | ${dots.join("")}${isWide(snippet[column]) ? "\uff3e" : "^"}`
}
