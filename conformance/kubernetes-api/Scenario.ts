/** What is sent: scenarios of requests that belong together, each on objects of its own. */
import { at, items, type Json, type JsonObject, textOf } from "./Json.ts"

export interface Request {
  readonly method: string
  /** With the query. */
  readonly path: string
  /** JSON, or a text as it is. */
  readonly body?: JsonObject | ReadonlyArray<Json> | string
  readonly headers?: { readonly [name: string]: string }
}

export interface Answer {
  readonly code: number
  readonly type: string
  readonly warnings: ReadonlyArray<string>
  readonly body: Json
}

/** What one of both sides has answered in this scenario so far, and what of it the next request may hold. */
export class Past {
  readonly #answers = new Map<string, Answer>()
  add(step: string, answer: Answer) {
    this.#answers.set(step, answer)
  }
  body(step: string): Json {
    return this.#answers.get(step)?.body ?? {}
  }
  of(step: string, ...path: ReadonlyArray<string | number>): Json | undefined {
    return at(this.body(step), path)
  }
  text(step: string, ...path: ReadonlyArray<string | number>) {
    return textOf(this.of(step, ...path))
  }
  version(step: string) {
    return this.text(step, "metadata", "resourceVersion")
  }
  uid(step: string) {
    return this.text(step, "metadata", "uid")
  }
  items(step: string) {
    return items(this.of(step, "items"))
  }
}

export interface Step {
  /** Within its scenario, and what differences are grouped by. */
  readonly name: string
  /** For each side by what that side answered; chance is not asked here. */
  readonly request: (past: Past) => Request
}

export interface Scenario {
  /** By which it is asked for alone: `apply/takeover`. */
  readonly name: string
  /** Of which kind, for people. */
  readonly about: string
  /** It is in this namespace, if it is in any: made before, and emptied after. */
  readonly namespace: string
  readonly steps: ReadonlyArray<Step>
}

export const step = (name: string, request: Request | ((past: Past) => Request)): Step => ({
  name,
  request: typeof request === "function" ? request : () => request
})

type Query = { readonly [name: string]: string | undefined }
export const query = (parameters: Query) => {
  const given = Object.entries(parameters).filter((one): one is [string, string] => one[1] !== undefined)
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`
}

export const mediaTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml"
} as const
export type PatchType = keyof typeof mediaTypes

/** The requests to a path: of a collection, of an object, or of a part of one. */
export const on = (path: string) => ({
  get: (parameters: Query = {}, headers: Request["headers"] = {}): Request => ({
    method: "GET",
    path: `${path}${query(parameters)}`,
    headers
  }),
  post: (body: JsonObject, parameters: Query = {}): Request => ({
    method: "POST",
    path: `${path}${query(parameters)}`,
    body
  }),
  put: (body: JsonObject, parameters: Query = {}): Request => ({
    method: "PUT",
    path: `${path}${query(parameters)}`,
    body
  }),
  patch: (type: PatchType, body: JsonObject | ReadonlyArray<Json> | string, parameters: Query = {}): Request => ({
    method: "PATCH",
    path: `${path}${query(parameters)}`,
    body,
    headers: { "content-type": mediaTypes[type] }
  }),
  delete: (body?: JsonObject, parameters: Query = {}): Request => ({
    method: "DELETE",
    path: `${path}${query(parameters)}`,
    ...(body !== undefined && { body })
  })
})
