/** What is said of something that went wrong, in a status or an Event: its words and the line of the package's that it comes from, without the rest of the stack. */

const longest = 1024

/** Of a package's own files, which run as a copy below NAME/DIGEST: what calls them, and what they call, says its author little. */
const own = /\/[a-z0-9-]+\/[0-9a-f]{16}\/((?!node_modules\/)[^\s():]+:\d+:\d+)/

/** Deeper causes may have the stack of the other side. */
const stackOf = (error: unknown): string =>
  error instanceof Error ? `${error.stack}\n${stackOf(error.cause)}` : String(error)

export const of = (error: unknown) => {
  const [words = ""] = (error instanceof Error && error.message !== "" ? error.message : String(error)).split(/\n\s+at /)
  const [, line] = own.exec(stackOf(error)) ?? []
  const told = line === undefined || words.includes(line) ? words : `${words} (${line})`
  return told.length > longest ? `${told.slice(0, longest)}…` : told
}
