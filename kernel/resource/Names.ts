/**
 * What names, labels and ports may look like. Each rule answers with what is wrong with a text, in Kubernetes' words; nothing
 * if it is right. Source: "Object Names and IDs", "Labels and Selectors" of the Kubernetes documentation.
 */
export type Rule = (value: string) => ReadonlyArray<string>

/** Of what stands in labels upstream counts bytes. */
const tooLong = (limit: number, unit: "bytes" | "characters") => `must be no more than ${limit} ${unit}`
const withPattern = (message: string, pattern: string, ...examples: ReadonlyArray<string>) => {
  const shown = examples.map((example) => `'${example}', `).join(" or ")
  return examples.length === 0
    ? `${message} (regex used for validation is '${pattern}')`
    : `${message} (e.g. ${shown}regex used for validation is '${pattern}')`
}

/** A text of at most `limit` bytes that matches a pattern. All patterns are of ASCII, so that a match has as many bytes as characters. */
const ruleIn =
  (unit: "bytes" | "characters") =>
  (limit: number, pattern: string, message: string, ...examples: ReadonlyArray<string>): Rule => {
    const regex = new RegExp(`^(?:${pattern})$`)
    const broken = withPattern(message, pattern, ...examples)
    return (value) => {
      if (value.length <= limit && regex.test(value)) return []
      return [...(value.length > limit ? [tooLong(limit, unit)] : []), ...(regex.test(value) ? [] : [broken])]
    }
  }

const rule = ruleIn("characters")
const labelRule = ruleIn("bytes")

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const subdomain = `${label}(\\.${label})*`

export const dns1123Subdomain = rule(
  253,
  subdomain,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  "example.com"
)

/** Search paths of DNS have services in them. */
export const dns1123SubdomainUnderscored = rule(
  253,
  "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*",
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  "example.com"
)

const plainLabel = rule(
  63,
  label,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  "my-name",
  "123-abc"
)
export const dns1123Label: Rule = (value) => {
  const messages = plainLabel(value)
  const dotted = messages.length > 0 && value.includes(".") && dns1123Subdomain(value).length === 0
  return dotted ? [...(value.length > 63 ? [tooLong(63, "characters")] : []), "must not contain dots"] : messages
}

export const dns1035Label = rule(
  63,
  "[a-z]([-a-z0-9]*[a-z0-9])?",
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "my-name",
  "abc-123"
)

export const wildcardSubdomain = rule(
  253,
  `\\*\\.${subdomain}`,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  "*.example.com"
)

/** A name that can be one step of a URL's path: RBAC's. */
export const pathSegment: Rule = (value) => {
  if (value === "." || value === "..") return [`may not be '${value}'`]
  return ["/", "%"].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}

const key = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
const keyMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const keyName = labelRule(63, key, keyMessage, "MyName", "my.name", "123-abc")

/** Of labels, annotations, finalizers, taints, resources: `example.com/name` or `name`. */
export const labelKey: Rule = (value) => {
  if (good.has(value)) return []
  const wrong = wrongKey(value)
  if (wrong.length > 0) return wrong
  if (good.size >= mostGood) good.clear()
  good.add(value)
  return wrong
}
/** The same few keys stand in most objects. None is longer than its parts may be. */
const good = new Set<string>()
const mostGood = 4096

const wrongKey: Rule = (value) => {
  const parts = value.split("/")
  const name = parts.at(-1) ?? ""
  const prefix = parts.length > 1 ? (parts[0] ?? "") : undefined
  if (parts.length > 2) {
    const shape = withPattern(keyMessage, key, "MyName", "my.name", "123-abc")
    return [`a valid label key ${shape} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const ofPrefix = prefix === undefined ? [] : prefix === "" ? ["must be non-empty"] : dns1123Subdomain(prefix)
  const ofName = [...(name === "" ? ["must be non-empty"] : []), ...keyName(name)]
  return [...ofPrefix.map((message) => `prefix part ${message}`), ...ofName.map((message) => `name part ${message}`)]
}

export const labelValue = labelRule(
  63,
  `(${key})?`,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "MyValue",
  "my_value",
  "12345"
)

const configKeyPattern = rule(
  253,
  "[-._a-zA-Z0-9]+",
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  "key.name",
  "KEY_NAME",
  "key-name"
)
/** Of the data of ConfigMaps and Secrets, which become file names. */
export const configKey: Rule = (value) => [...configKeyPattern(value), ...outwards(value)]

const outwards = (value: string) => {
  if (value === "." || value === "..") return [`must not be '${value}'`]
  return value.startsWith("..") ? ["must not start with '..'"] : []
}

export const environmentName: Rule = (value) => {
  if (value === "") return ["environment variable name must be non-empty"]
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

export const headerName = rule(
  Number.POSITIVE_INFINITY,
  "[-A-Za-z0-9]+",
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  "X-Header-Name"
)

export const portName: Rule = (value) => [
  ...(value.length > 15 ? [tooLong(15, "characters")] : []),
  ...(/^[-a-z0-9]+$/.test(value) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
  ...(/[a-z]/.test(value) ? [] : ["must contain at least one letter (a-z)"]),
  ...(value.includes("--") ? ["must not contain consecutive hyphens"] : []),
  ...(value.startsWith("-") || value.endsWith("-") ? ["must not begin or end with a hyphen"] : [])
]

export const between = (value: number, min: number, max: number): ReadonlyArray<string> =>
  Number.isInteger(value) && min <= value && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`]

export const portNumber = (value: number) => between(value, 1, 65535)

export const percentage = rule(
  Number.POSITIVE_INFINITY,
  "[0-9]+%",
  "a valid percent string must be a numeric string followed by an ending '%'",
  "1%",
  "93%"
)
