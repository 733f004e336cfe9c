/** Which controllers run: a list of names, understood as kube-controller-manager understands its `--controllers`. */
/** A controller is meant by its plugin's name, and by that with `-controller` after it. */
export const bare = (name: string) => name.replace(/^-/, "").replace(/-controller$/, "")

/** The controllers that such a list names, whether to run them or not. */
export const named = (list: ReadonlyArray<string>) => list.filter((name) => name !== "*").map(bare)

/** What kube-controller-manager's `--controllers` means: the first word about one decides, else whether all shall run. */
export const isEnabled = (list: ReadonlyArray<string>, plugin: string) => {
  const word = list.find((name) => name !== "*" && bare(name) === bare(plugin))
  return word === undefined ? list.includes("*") : !word.startsWith("-")
}
