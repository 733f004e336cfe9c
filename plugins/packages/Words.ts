/** What went wrong, in a line that fits an object: without the stack, and not longer than people read. */
const longest = 1024

export const of = (error: unknown) => {
  const [words = ""] = (error instanceof Error && error.message !== "" ? error.message : String(error)).split(/\n\s+at /)
  return words.length > longest ? `${words.slice(0, longest)}…` : words
}
