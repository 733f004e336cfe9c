/** The few commands that a container without a kernel can run: what conformance checks and tests ask for. */

export type Step =
  | { readonly _tag: "Say"; readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly _tag: "Sleep"; readonly seconds: number }
  /** Gives back what is put in, until its end. */
  | { readonly _tag: "Cat" }
  | { readonly _tag: "Exit"; readonly code: number }

const forever: Step = { _tag: "Sleep", seconds: Number.POSITIVE_INFINITY }

const simple = (words: ReadonlyArray<string>): ReadonlyArray<Step> => {
  const [name, first = ""] = words
  switch (name) {
    case "echo": {
      const error = words.includes(">&2")
      const text = `${words
        .slice(1)
        .filter((word) => word !== ">&2")
        .join(" ")}\n`
      return [{ _tag: "Say", stream: error ? "stderr" : "stdout", text }]
    }
    case "true":
      return []
    case "false":
      return [{ _tag: "Exit", code: 1 }]
    case "exit":
      return [{ _tag: "Exit", code: Number(first) || 0 }]
    case "cat":
      return [{ _tag: "Cat" }]
    case "sleep":
      return [{ _tag: "Sleep", seconds: Number.isNaN(Number(first)) ? Number.POSITIVE_INFINITY : Number(first) }]
    case "/no/such/command":
      return [
        { _tag: "Say", stream: "stderr", text: `${name}: not found\n` },
        { _tag: "Exit", code: 127 }
      ]
    default:
      return [forever]
  }
}

const unquoted = (word: string) => word.replace(/^(["'])(.*)\1$/, "$2")

/** What a command line does, step by step. What is not known here runs for ever, as a server would. */
export const parse = (command: ReadonlyArray<string>): ReadonlyArray<Step> => {
  const [shell, flag, script] = command
  const parts =
    shell === "sh" && flag === "-c" && script !== undefined
      ? script.split(/;|&&/).map((part) => part.trim().split(/\s+/).map(unquoted))
      : [command]
  return [...parts.flatMap(simple), { _tag: "Exit", code: 0 }]
}
