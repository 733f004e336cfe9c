/** What drivers, pools, attributes and requests of devices are called. Source: API reference, resource.k8s.io/v1. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { each, when } from "../../../kernel/resource/Rules.ts"

const longest = { pool: 253, domain: 63, identifier: 32 }

const identifier =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')"

/** Parts with slashes between them. */
export const validatePool = (pool: string, field: string): Causes.Causes => {
  if (pool === "") return [Causes.required(field)]
  return [
    ...when(pool.length > longest.pool, () => Causes.tooLong(field, longest.pool)),
    ...pool.split("/").flatMap((part) => Causes.broken(field, part, Names.dns1123Subdomain(part)))
  ]
}

const validateIdentifier = (name: string, field: string): Causes.Causes => [
  ...when(name.length > longest.identifier, () => Causes.tooLong(field, longest.identifier)),
  ...when(!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name), () => Causes.invalid(field, name, identifier))
]

const validateDomain = (domain: string, field: string): Causes.Causes => [
  ...when(domain.length > longest.domain, () => Causes.tooLong(field, longest.domain)),
  ...Names.dns1123Subdomain(domain.toLowerCase()).map((why) => Causes.invalid(field, domain, why))
]

/** `name`, or `domain/name`. */
export const validateQualified = (name: string, field: string): Causes.Causes => {
  const parts = name.split("/")
  const [first = "", second = ""] = parts
  if (parts.length === 1) return validateIdentifier(name, field)
  if (parts.length > 2) return []
  return [
    ...(first === "" ? [Causes.invalid(field, "", "the domain must not be empty")] : validateDomain(first, field)),
    ...(second === "" ? [Causes.invalid(field, "", "the name must not be empty")] : validateIdentifier(second, field))
  ]
}

export const validateFullyQualified = (name: string, field: string): Causes.Causes => [
  ...validateQualified(name, field),
  ...when(!name.includes("/"), () =>
    Causes.invalid(field, name, "a fully qualified name must be a domain and a name separated by a slash")
  )
]

/** Of a list that is a set: how many there may be, what is wrong with each, and which are there again. */
export const validateSet = <A>(
  items: ReadonlyArray<A> | undefined,
  most: number,
  field: string,
  check: (item: A, field: string) => Causes.Causes,
  keyOf: (item: A) => string | undefined = () => undefined
): Causes.Causes => {
  const all = items ?? []
  const keys = all.map(keyOf)
  return [
    ...when(all.length > most, () => Causes.tooMany(field, all.length, most)),
    ...(all.length > most ? [] : each(all, field, (item, at) => check(item, at))),
    ...(all.length > most ? [] : keys).flatMap((key, index) =>
      when(key !== undefined && keys.indexOf(key) < index, () => Causes.duplicate(`${field}[${index}]`, key))
    )
  ]
}
