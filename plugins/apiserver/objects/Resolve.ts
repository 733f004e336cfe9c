/** From a path to a kind and what is asked of it. */
import { Result } from "effect"
import type { NotFound } from "../../../kernel/client/Errors.ts"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { ObjectPath } from "../Path.ts"
import { methodNotAllowed, noPage, notFound, type Refused } from "../Refused.ts"

const isServed = (kinds: Kinds["Service"], group: string) =>
  group === "" || kinds.all().some(({ kind }) => kind.versions.some((version) => version.group === group))

/** Verbs that a collection has over all namespaces; the others are no part of the API there. */
const acrossNamespaces = new Set(["GET"])

export const resolve = (
  kinds: Kinds["Service"],
  path: ObjectPath,
  method: string,
  user: User
): Result.Result<At, NotFound | Refused> => {
  const found = kinds.find(path.group, path.version, path.resource)
  if (found === undefined) return Result.fail(isServed(kinds, path.group) ? notFound : noPage)
  const { kind } = found.served
  const isNamespace = kind.plural === "namespaces" && path.group === ""
  if (!kind.namespaced && !isNamespace && path.namespace !== "") return Result.fail(notFound)
  if (kind.namespaced && path.namespace === "") {
    if (path.name !== "") return Result.fail(notFound)
    if (!acrossNamespaces.has(method)) return Result.fail(methodNotAllowed)
  }
  if (path.subresource !== "" && !kind.subresources.includes(path.subresource)) return Result.fail(notFound)
  return Result.succeed({
    user,
    ...found,
    namespace: kind.namespaced ? path.namespace : "",
    name: path.name,
    subresource: path.subresource
  })
}
