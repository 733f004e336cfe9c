/** What a history must not show, by the names under which it is reported. */
export const rules = {
  lost: "a write that was acknowledged, or that somebody saw, is not in the log",
  refused: "a write that was refused is in the log",
  twice: "a write is in the log more than once",
  stranger: "the log has an entry that nobody wrote, or not as it was written",
  swap: "an entry does not replace the one that it says",
  linearizable: "no order of what was asked explains the answers about a key",
  backwards: "a revision goes back",
  stale: "a process does not show what it has acknowledged or shown before",
  order: "a watcher gets an entry out of order, again, or after it was told that there is nothing else",
  gap: "a watcher misses an entry",
  invented: "a watcher or reader gets what is not in the log",
  apart: "the replicas of the log are not the same in the end",
  stuck: "a watcher does not come to the end of the log"
} as const
export type Rule = keyof typeof rules

export interface Violation {
  readonly rule: Rule
  readonly message: string
}
