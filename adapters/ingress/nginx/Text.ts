/** Words of nginx's configuration. Source: the pages of ngx_http_{map,split_clients,rewrite,proxy}_module, 1.22. */

const dollar = `$\{keelson_dollar}`

/** A value as it stands, in which nothing is a variable: `$keelson_dollar` is defined beside it. */
export const literal = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", dollar)}"`

/** A value in which variables are meant. */
export const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`

/** In places where there are no variables. */
export const plain = quoted

export const regexOf = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")

export const block = (head: string, ...lines: ReadonlyArray<string>) => [
  `${head} {`,
  ...lines.map((line) => `  ${line}`),
  "}"
]

/** Names of headers are tokens (RFC 9110); nginx knows none with other signs than these. */
export const isHeader = (name: string) => /^[A-Za-z0-9-]+$/.test(name)
export const headerVariable = (name: string) => `$http_${name.toLowerCase().replaceAll("-", "_")}`

/** Control characters would end lines or strings. */
export const isSound = (text: string) => !/\p{Cc}/u.test(text)
