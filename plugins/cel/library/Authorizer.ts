/** `authorizer.group('apps').resource('deployments').check('create').allowed()`: whether the asker may do something else. */
import type { Attributes, User } from "../../../kernel/pipeline/Attributes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Type from "../Types.ts"
import { fail, Opaque } from "../Values.ts"
import { declare, define, type Overload } from "./Function.ts"

export const authorizerType = declare("authorizer", Type.struct("kubernetes.authorization.Authorizer"))
const pathType = declare("pathCheck", Type.struct("kubernetes.authorization.PathCheck"))
const groupType = declare("groupCheck", Type.struct("kubernetes.authorization.GroupCheck"))
export const resourceType = declare("resourceCheck", Type.struct("kubernetes.authorization.ResourceCheck"))
const decisionType = declare("decision", Type.struct("kubernetes.authorization.Decision"))

/** Why not, if not. */
export type Decide = (attributes: Attributes) => { readonly allowed: boolean; readonly reason: string }

abstract class Check extends Opaque {
  equals(other: Opaque): boolean {
    return other === this
  }
}

export class Authorizer extends Check {
  readonly type = authorizerType
  readonly user: User
  readonly decide: Decide
  constructor(user: User, decide: Decide) {
    super()
    this.user = user
    this.decide = decide
  }
}
class PathCheck extends Check {
  readonly type = pathType
  readonly authorizer: Authorizer
  readonly path: string
  constructor(authorizer: Authorizer, path: string) {
    super()
    this.authorizer = authorizer
    this.path = path
  }
}
class GroupCheck extends Check {
  readonly type = groupType
  readonly authorizer: Authorizer
  readonly group: string
  constructor(authorizer: Authorizer, group: string) {
    super()
    this.authorizer = authorizer
    this.group = group
  }
}
export interface What {
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}
export class ResourceCheck extends Check {
  readonly type = resourceType
  readonly authorizer: Authorizer
  readonly what: What
  constructor(authorizer: Authorizer, what: What) {
    super()
    this.authorizer = authorizer
    this.what = what
  }
  with(change: Partial<What>) {
    return new ResourceCheck(this.authorizer, { ...this.what, ...change })
  }
}
class Decision extends Check {
  readonly type = decisionType
  readonly allowed: boolean
  readonly reason: string
  constructor({ allowed, reason }: ReturnType<Decide>) {
    super()
    this.allowed = allowed
    this.reason = reason
  }
}

const nowhere = { group: "", version: "*", resource: "", subresource: "", namespace: "", name: "" }

const serviceAccount = ({ decide }: Authorizer, namespace: string, name: string) => {
  if (Names.dns1123Subdomain(name).length > 0) return fail("Invalid service account name")
  if (Names.dns1123Label(namespace).length > 0) return fail("Invalid service account namespace")
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`]
  return new Authorizer({ name: `system:serviceaccount:${namespace}:${name}`, groups }, decide)
}

export const overloads: ReadonlyArray<Overload> = [
  define("authorizer -> path(string): pathCheck", (authorizer: Authorizer, path: string) =>
    path.trim() === "" ? fail("path must not be empty") : new PathCheck(authorizer, path)
  ),
  define(
    "authorizer -> group(string): groupCheck",
    (authorizer: Authorizer, group: string) => new GroupCheck(authorizer, group)
  ),
  define("authorizer -> serviceAccount(string, string): authorizer", serviceAccount),
  define("groupCheck -> resource(string): resourceCheck", ({ authorizer, group }: GroupCheck, resource: string) =>
    resource.trim() === ""
      ? fail("resource must not be empty")
      : new ResourceCheck(authorizer, { group, resource, subresource: "", namespace: "", name: "" })
  ),
  define("resourceCheck -> subresource(string): resourceCheck", (check: ResourceCheck, subresource: string) =>
    check.with({ subresource })
  ),
  define("resourceCheck -> namespace(string): resourceCheck", (check: ResourceCheck, namespace: string) =>
    check.with({ namespace })
  ),
  define("resourceCheck -> name(string): resourceCheck", (check: ResourceCheck, name: string) => check.with({ name })),
  // No authorizer of ours looks at selectors: whoever may do it to all, may do it to some.
  define("resourceCheck -> fieldSelector(string): resourceCheck", (check: ResourceCheck) => check),
  define("resourceCheck -> labelSelector(string): resourceCheck", (check: ResourceCheck) => check),
  define(
    "pathCheck -> check(string): decision",
    ({ authorizer: { decide, user }, path }: PathCheck, verb: string) =>
      new Decision(decide({ ...nowhere, user, verb, path }))
  ),
  define(
    "resourceCheck -> check(string): decision",
    ({ authorizer: { decide, user }, what }: ResourceCheck, verb: string) =>
      new Decision(decide({ ...nowhere, ...what, user, verb }))
  ),
  define("decision -> errored(): bool", () => false),
  define("decision -> error(): string", () => ""),
  define("decision -> allowed(): bool", ({ allowed }: Decision) => allowed),
  define("decision -> reason(): string", ({ reason }: Decision) => reason)
]
