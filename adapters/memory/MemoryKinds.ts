/** All the kinds of the API description that the API in memory can hold. */
import { Predicate } from "effect"
import type { Any as Kind } from "../../kernel/resource/Kind.ts"
import * as Admission from "../../plugins/resources/contracts/admissionregistration/v1.ts"
import * as Apiextensions from "../../plugins/resources/contracts/apiextensions/v1.ts"
import * as Apps from "../../plugins/resources/contracts/apps/v1.ts"
import * as Autoscaling from "../../plugins/resources/contracts/autoscaling/v2.ts"
import * as Batch from "../../plugins/resources/contracts/batch/v1.ts"
import * as Certificates from "../../plugins/resources/contracts/certificates/v1.ts"
import * as Coordination from "../../plugins/resources/contracts/coordination/v1.ts"
import * as Core from "../../plugins/resources/contracts/core/v1.ts"
import * as Discovery from "../../plugins/resources/contracts/discovery/v1.ts"
import * as Events from "../../plugins/resources/contracts/events/v1.ts"
import * as Networking from "../../plugins/resources/contracts/networking/v1.ts"
import * as Node from "../../plugins/resources/contracts/node/v1.ts"
import * as Policy from "../../plugins/resources/contracts/policy/v1.ts"
import * as Rbac from "../../plugins/resources/contracts/rbac/v1.ts"
import * as Dynamic from "../../plugins/resources/contracts/resource/v1.ts"
import * as Scheduling from "../../plugins/resources/contracts/scheduling/v1.ts"
import * as Storage from "../../plugins/resources/contracts/storage/v1.ts"

const groups = [
  Admission,
  Apiextensions,
  Apps,
  Autoscaling,
  Batch,
  Certificates,
  Coordination,
  Core,
  Discovery,
  Events,
  Networking,
  Node,
  Policy,
  Rbac,
  Dynamic,
  Scheduling,
  Storage
]

/** The modules export kinds beside schemas, and nothing else has versions. */
const isKind = (value: unknown): value is Kind =>
  Predicate.isObject(value) && Predicate.hasProperty(value, "versions") && Predicate.hasProperty(value, "plural")

export const builtIn: ReadonlyArray<Kind> = groups.flatMap((group) => Object.values<unknown>(group).filter(isKind))
