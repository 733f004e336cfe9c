/** What plugins from outside may offer to every API process: one line for each contract. Those of the scheduler and of nodes stand where these run. */
import { Layer } from "effect"
import * as Admission from "../plugins/admission/isolated/Attachment.ts"
import * as Routes from "../plugins/apiserver/isolated/Attachment.ts"
import * as Audit from "../plugins/audit/isolated/Attachment.ts"
import type * as Sinks from "../plugins/audit/Sinks.ts"
import * as Authentication from "../plugins/authentication/isolated/Attachment.ts"
import * as Authorization from "../plugins/authorization/isolated/Attachment.ts"
import * as Kinds from "../plugins/custom-resources/isolated/Attachment.ts"
import * as Controllers from "../plugins/controllers/isolated/Attachment.ts"

/** Where the server leads: controllers are one each, however many servers there are. */
export const leading = Controllers.layer

export const api = ({ audit }: { readonly audit?: Sinks.Options }) =>
  Layer.mergeAll(
    Admission.layer,
    Authentication.layer,
    Authorization.layer,
    Routes.layer,
    Kinds.layer,
    Audit.layer(audit?.policy)
  )
