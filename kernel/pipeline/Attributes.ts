/** Who asks for what: what authorization, admission and audit see of a request. */

/** Source: authentication.k8s.io/v1 UserInfo. */
export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: ReadonlyArray<string>
  readonly extra?: { readonly [key: string]: ReadonlyArray<string> }
}

/** Of a request on objects; or, with `path`, of one on anything else (`/healthz`, `/metrics`). */
export interface Attributes {
  readonly user: User
  /** A verb of RBAC: get, list, watch, create, update, patch, delete, deletecollection, or the method in lower case. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly path?: string
}

/** The group that may do everything, checked before any authorizer. */
export const masters = "system:masters"
