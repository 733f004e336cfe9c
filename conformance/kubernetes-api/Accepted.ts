/** Differences that are meant, each with its reason. What is in no line here is a defect of one of both. */
import type { Difference } from "./Differences.ts"

export interface Accepted {
  /** Of the scenario and the step: `reads/pages: first`. */
  readonly step?: RegExp
  readonly aspect?: Difference["aspect"]
  readonly path?: RegExp
  /** What both answered, `ours | theirs`. */
  readonly values?: RegExp
  readonly reason: string
}

const clientsFault = "what a client did wrong is a 4xx: upstream's 500 is told without a reason"
const goWords = "upstream words it by how Go's library reads JSON and YAML, or writes values of Go"
const noTime =
  "a time that never was, and a list without items, are left out or empty, and not null: clients read both alike"
const patchNamed = "a patch that makes no sense of an object says of which, and why, where upstream does not"
const unbindable = /: bind to|^lifecycle\/bindings\.v1: (?:create|empty)$/
const nodeMissing = "a node that is missing is named as a node, where upstream says that a Pod of its name is"
const itself = "upstream's server changes the object by itself in between, at its own time"
const isSaidOnce = "a mistake is told once, where upstream's checks tell it several times"

/** Both answers as `ours | theirs`; the first line that fits counts. */
export const accepted: ReadonlyArray<Accepted> = [
  { aspect: "code", values: /^4\d\d \| 500$/, reason: clientsFault },
  { aspect: "reason", values: /^"\w+" \| nothing$/, reason: clientsFault },
  { aspect: "object", path: /columnDefinitions\.\*\.description$/, reason: "descriptions of columns are our own" },
  { aspect: "object", values: /^(nothing|\[\]) \| null$/, reason: noTime },
  {
    aspect: "message",
    step: /certificatesigningrequests/,
    values: /spec\.request: Invalid value: \\"\\": .*\| .*spec\.request: Invalid value: null: /,
    reason: "a request that is missing and an empty one are one"
  },
  { aspect: "message", values: /labels: Invalid value: null.*\| .*labels: Invalid value: \{\}/, reason: noTime },
  { aspect: "managedFields", path: /\.f:rules$/, values: /^\{\} \| nothing$/, reason: noTime },
  { aspect: "managedFields", path: /\.f:spec$/, values: /^\{"f:(limits|drivers)":\{\}\} \| nothing$/, reason: noTime },
  {
    aspect: "managedFields",
    values: /^\["m Update "\] \| \[\]$/,
    step: /^mistakes\/serviceaccounts/,
    reason: "an entry without the name that tells it apart is owned as it is, where upstream gives up all ownership"
  },
  {
    aspect: "message",
    values: /json: |unmarshal|JSON|YAML|yaml|map\[|cannot restore|unrecognized type|%!s/,
    reason: goWords
  },
  { aspect: "message", values: /@@ -\d+,\d+ \+\d+,\d+ @@|illegal base64/, reason: goWords },
  { aspect: "managedFields", path: /\.f:last\w+Time$/, values: /^nothing \| \{\}$/, reason: noTime },
  { aspect: "message", values: /\| .*(\{\\?"[A-Z][A-Za-z]*\\?":|\\n@@ )/s, reason: goWords },
  { aspect: "message", values: /failed to create typed|expected a \[\]interface|scheme\.go|strconv\./, reason: goWords },
  { aspect: "details", step: /^(patches|subresources)\//, values: /\| \{\}$/, reason: patchNamed },
  { aspect: "causes", values: /^\["patch: FieldValueInvalid"\] \| \[\]$/, reason: patchNamed },
  { aspect: "message", values: /^".*patch: Invalid value: .*" \| "/, reason: patchNamed },
  { aspect: "object", path: /^details\.causes$/, reason: isSaidOnce },
  {
    aspect: "message",
    values: /StorageError: |unknown conversion|no kind ".*" is registered|requested object is (?:not )?a list/,
    reason: "upstream tells of its inside"
  },
  {
    aspect: "object",
    path: /^details\.causes/,
    values: /conflict with/,
    reason: "conflicts come of a map, which has no order in Go"
  },
  {
    step: /: (?:log(?: without a container)?|exec without an upgrade)$/,
    aspect: "details",
    values: /"kind":"nodes".*\| \{"kind":"pods"/,
    reason: nodeMissing
  },
  { aspect: "message", values: /^"nodes .* not found" \| "pods .* not found"$/, reason: nodeMissing },
  { step: unbindable, aspect: "causes", values: /\| \[\]$/, reason: clientsFault },
  { step: unbindable, aspect: "details", values: /\| \{\}$/, reason: clientsFault },
  { step: unbindable, aspect: "message", reason: clientsFault },
  { step: /^protocol: a method that is none$/, reason: "a method that HTTP does not know ends at the reader of HTTP" },
  {
    step: /^protocol: deep$/,
    reason: "nothing that is meant well is nested a thousand deep, and is refused before anybody walks through it"
  },
  { step: /^protocol: version$/, path: /^(?:git|go|compiler|build)/, reason: "another program has another version" },
  { path: /serverAddress$/, reason: "each is reached at an address of its own" },
  {
    aspect: "object",
    path: /^(?:rows\.\*\.object|items\.\*)\.metadata\.annotations$/,
    values: /deprecated\.daemonset\.template\.generation/,
    reason: "an annotation of an object is in its metadata, whichever way these are read"
  },
  {
    step: /^patches\/service: /,
    aspect: "managedFields",
    path: /\.f:internalTrafficPolicy$/,
    values: /^nothing \| \{\}$/,
    reason: "a field that a Service has lost with its type has no owner any more"
  },
  {
    step: /^patches\/.*: merge: no kind$/,
    aspect: "warnings",
    reason: "of what has no kind nobody can say which of its fields are unknown: upstream calls all of them so"
  },
  { step: /: a prefix that is wrong$/, reason: "a name that was made is told" },
  {
    aspect: "managedFields",
    path: /^[\w-]+ (?:Apply|Update) scale$/,
    reason: "upstream's entry of who wrote to scale has no time"
  },
  {
    step: /^protocol: (__proto__|1\.0)$/,
    reason: "JavaScript has another use for the key __proto__, so it is refused; and it knows 1.0 only as 1"
  },
  {
    aspect: "object",
    path: /^metadata\.resourceVersion$|^items\.\*\.metadata\.resourceVersion$/,
    step: /^lifecycle\/(apiservices|flowschemas|customresourcedefinitions)/,
    reason: itself
  },
  {
    step: /^lifecycle\/customresourcedefinitions.*: (gone|delete again)$/,
    reason: itself
  },
  {
    path: /^(items\.\*\.)?(status\.(conditions|acceptedNames)|entries$|metadata\.deletionGracePeriodSeconds|kube-apiserver Update status)/,
    step: /^lifecycle\/(apiservices|flowschemas|customresourcedefinitions).*: (get|list)$|^lifecycle\/customresourcedefinitions.*: delete again$/,
    reason: itself
  },
  {
    path: /^(items\.\*\.)?(metadata\.resourceVersion|status\.(observedGeneration|typeChecking))$|^entries$/,
    step: /^lifecycle\/validatingadmissionpolicies/,
    reason: "the types of a policy's expressions are checked by the server here, and by upstream's controllers there"
  },
  {
    aspect: "managedFields",
    path: /^entries$/,
    values: /^\[\] \| \["conformance Update "\]$/,
    step: /^lifecycle\/(subject|localsubject|selfsubject|token)\w*reviews/,
    reason: "a review is answered and not kept: nobody owns what it says"
  },
  {
    aspect: "object",
    path: /^status\.(non)?[rR]esourceRules/,
    step: /^lifecycle\/selfsubjectrulesreviews/,
    reason: "upstream's rules come of a map, which has no order in Go"
  }
]

export const reasonOf = (name: string, { aspect, ours, path, theirs }: Difference) =>
  accepted.find(
    (one) =>
      (one.aspect === undefined || one.aspect === aspect) &&
      (one.step?.test(name) ?? true) &&
      (one.path?.test(path) ?? true) &&
      (one.values?.test(`${ours} | ${theirs}`) ?? true)
  )?.reason
