/** The kinds of the API description whose objects are kept: what controllers of all kinds work on when they are given no others. */
import { Predicate } from "effect"
import type { Any as Kind } from "../../../kernel/resource/Kind.ts"
import * as Packages from "../../packages/contracts/v1alpha1.ts"
import * as Admission from "../../resources/contracts/admissionregistration/v1.ts"
import * as Extensions from "../../resources/contracts/apiextensions/v1.ts"
import * as Registration from "../../resources/contracts/apiregistration/v1.ts"
import * as Apps from "../../resources/contracts/apps/v1.ts"
import * as Autoscaling1 from "../../resources/contracts/autoscaling/v1.ts"
import * as Autoscaling2 from "../../resources/contracts/autoscaling/v2.ts"
import * as Batch from "../../resources/contracts/batch/v1.ts"
import * as Certificates from "../../resources/contracts/certificates/v1.ts"
import * as Coordination from "../../resources/contracts/coordination/v1.ts"
import * as Core from "../../resources/contracts/core/v1.ts"
import * as Discovery from "../../resources/contracts/discovery/v1.ts"
import * as Flowcontrol from "../../resources/contracts/flowcontrol/v1.ts"
import * as Networking from "../../resources/contracts/networking/v1.ts"
import * as Node from "../../resources/contracts/node/v1.ts"
import * as Policy from "../../resources/contracts/policy/v1.ts"
import * as Rbac from "../../resources/contracts/rbac/v1.ts"
import * as Resource from "../../resources/contracts/resource/v1.ts"
import * as Scheduling from "../../resources/contracts/scheduling/v1.ts"
import * as Storage from "../../resources/contracts/storage/v1.ts"

const groups = [
  Core,
  Apps,
  Batch,
  Autoscaling1,
  Autoscaling2,
  Admission,
  Extensions,
  Registration,
  Certificates,
  Coordination,
  Discovery,
  Flowcontrol,
  Networking,
  Node,
  Policy,
  Rbac,
  Resource,
  Scheduling,
  Storage,
  Packages
]

/** The modules export kinds beside schemas, and nothing else has versions. */
const isKind = (value: unknown): value is Kind =>
  Predicate.isObject(value) && Predicate.hasProperty(value, "versions") && Predicate.hasProperty(value, "plural")

/** Those that can be listed and deleted, each storage once. */
export const kept = (kinds: ReadonlyArray<Kind>): ReadonlyArray<Kind> => {
  const stored = kinds.filter(({ verbs }) => ["list", "watch", "delete"].every((verb) => verbs.some((can) => can === verb)))
  return [...new Map(stored.map((kind) => [kind.storage, kind])).values()]
}

/** Also those that are only answered, such as reviews. */
export const all: ReadonlyArray<Kind> = groups.flatMap((group) => Object.values<unknown>(group).filter(isKind))
export const kinds: ReadonlyArray<Kind> = kept(all)
