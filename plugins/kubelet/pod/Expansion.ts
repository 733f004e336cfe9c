/** `$(NAME)` in commands and values. `$$` is a dollar; what is not known stays as it was written. Source: Container, "command". */
export const expand = (text: string, values: ReadonlyMap<string, string>) =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (written: string, what: string, name: string | undefined) =>
    what === "$" ? "$" : (values.get(name ?? "") ?? written)
  )
