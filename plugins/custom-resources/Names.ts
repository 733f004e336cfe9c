/**
 * Which names a definition gets: those that no other definition of its group has, and what its conditions say of that. Pure.
 * Source: CustomResourceDefinition v1, `status.acceptedNames`; the words are those that tools look for.
 */
import type {
  CustomResourceDefinition as Crd,
  CustomResourceDefinitionCondition as Condition,
  CustomResourceDefinitionNames as Names
} from "../resources/contracts/apiextensions/v1.ts"

export interface Accepted {
  readonly names: Names
  readonly namesAccepted: Omit<Condition, "lastTransitionTime">
  readonly established: Omit<Condition, "lastTransitionTime">
}

const inUse = (name: string) => `${JSON.stringify(name)} is already in use`

const taken = (others: ReadonlyArray<Crd>) => {
  const accepted = others.flatMap(({ status }) => status?.acceptedNames ?? [])
  return {
    resources: new Set(
      accepted.flatMap(({ plural, shortNames = [], singular }) => [plural, singular ?? "", ...shortNames]).filter(Boolean)
    ),
    kinds: new Set(accepted.flatMap(({ kind, listKind = "" }) => [kind, listKind]).filter(Boolean))
  }
}

interface Conflict {
  readonly reason: string
  readonly message: string
}

const conflict = (what: string, names: ReadonlyArray<string>, mine: ReadonlyArray<string>, used: ReadonlySet<string>) => {
  const bad = names.filter((name) => !mine.includes(name) && used.has(name)).map(inUse)
  const message = bad.length > 1 ? `[${bad.join(", ")}]` : bad.join("")
  return bad.length === 0 ? undefined : { reason: `${what}Conflict`, message }
}

const one = (name: string | undefined) => (name === undefined ? [] : [name])

/** `others`: all definitions of the group, this one among them or not. */
export const accept = ({ metadata, spec, status }: Crd, others: ReadonlyArray<Crd>): Accepted => {
  const { names: wanted } = spec
  const have: Partial<Names> = status?.acceptedNames ?? {}
  const { kinds, resources } = taken(others.filter((other) => other.metadata.name !== metadata.name))
  const conflicts = {
    plural: conflict("Plural", [wanted.plural], one(have.plural), resources),
    singular: conflict("Singular", one(wanted.singular), one(have.singular), resources),
    shortNames: conflict("ShortNames", wanted.shortNames ?? [], have.shortNames ?? [], resources),
    kind: conflict("Kind", [wanted.kind], one(have.kind), kinds),
    listKind: conflict("ListKind", one(wanted.listKind), one(have.listKind), kinds)
  }
  const all = Object.values(conflicts).filter((found): found is Conflict => found !== undefined)
  const { categories, listKind, shortNames, singular } = {
    ...wanted,
    ...(conflicts.singular && { singular: have.singular }),
    ...(conflicts.shortNames && { shortNames: have.shortNames }),
    ...(conflicts.listKind && { listKind: have.listKind })
  }
  return {
    names: {
      plural: conflicts.plural ? (have.plural ?? "") : wanted.plural,
      kind: conflicts.kind ? (have.kind ?? "") : wanted.kind,
      ...(singular !== undefined && { singular }),
      ...(shortNames !== undefined && { shortNames }),
      ...(listKind !== undefined && { listKind }),
      ...(categories !== undefined && { categories })
    },
    ...conditions(status?.conditions, all.at(-1))
  }
}

/** What has been established stays so, also if it asks for names later that it cannot have. */
const conditions = (
  before: ReadonlyArray<Condition> | undefined,
  failed: Conflict | undefined
): Pick<Accepted, "namesAccepted" | "established"> => {
  const was = before?.some(({ status, type }) => type === "Established" && status === "True") === true
  const initial = { reason: "InitialNamesAccepted", message: "the initial names have been accepted" }
  return {
    namesAccepted:
      failed === undefined
        ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
        : { type: "NamesAccepted", status: "False", ...failed },
    established:
      failed === undefined || was
        ? { type: "Established", status: "True", ...initial }
        : { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" }
  }
}
