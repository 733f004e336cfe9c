/**
 * A certificate that a machine holds: asked for by a CertificateSigningRequest, kept in a file with its key, and asked for anew in
 * good time. Who reads `current` at every use, or follows `renewed`, goes on without a restart.
 */
import { Clock, Duration, Effect, FileSystem, Option, Random, Schedule, Schema, Stream, SubscriptionRef } from "effect"
import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import { join } from "node:path"
import type { Client } from "../../kernel/client/Client.ts"
import type { Event } from "../../kernel/table/Table.ts"
import { CertificateSigningRequest } from "../resources/contracts/certificates/v1.ts"
import * as Pki from "./contracts/Pki.ts"
import * as SigningRequest from "./contracts/SigningRequest.ts"

export interface Options {
  readonly directory: string
  /** Of the file; and, after the holder's, of the requests. */
  readonly name: string
  /** The node that holds it. */
  readonly holder: string
  readonly request: Pki.Request
  readonly signerName: string
  /** The cluster, as whoever asks. */
  readonly client: Effect.Effect<Client["Service"]>
  /** How long it shall live; the signer may say less. */
  readonly seconds?: number
}

/** It will not be given: a person has to look. */
export class NotGiven extends Schema.TaggedError<NotGiven>()("NotGiven", { name: Schema.String, detail: Schema.String }) {
  override get message() {
    return `the request ${this.name} for a certificate is refused: ${this.detail}`
  }
}

const block = (label: string) => new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n?`, "g")

const split = (pem: string): Pki.Pair => ({
  cert: (pem.match(block("CERTIFICATE")) ?? []).join(""),
  key: (pem.match(block("PRIVATE KEY")) ?? []).join("")
})

/** Whether what lies there is what is wanted, and good now. */
const isGood = ({ cert, key }: Pki.Pair, { request }: Options, now: number) => {
  try {
    const found = new X509Certificate(cert)
    return (
      now < found.validToDate.getTime() &&
      found.checkPrivateKey(createPrivateKey(key)) &&
      Pki.subject(cert).commonName === request.commonName &&
      (request.hosts ?? []).every((host) => Pki.covers(found, host))
    )
  } catch {
    // What is neither a certificate nor a key is as good as nothing.
    return false
  }
}

/** Between 70 and 90 % of its life, so that not all nodes ask at once. */
const renewal = Effect.fnUntraced(function* ({ cert }: Pki.Pair) {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()]
  return from + (to - from) * (yield* Random.nextBetween(0.7, 0.9))
})

const Pending = Schema.fromJsonString(Schema.Struct({ name: Schema.String, key: Schema.String }))

const patience = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("1 minute")])

/** Why it will not be given. */
const refusal = ({ status: { conditions = [] } }: CertificateSigningRequest): string | undefined => {
  const no = conditions.find(({ type }) => type === "Denied" || type === "Failed")
  return no && `${no.type}: ${no.message ?? no.reason ?? "no reason is given"}`
}

interface Outcome {
  readonly certificate?: string
  readonly refused?: string
}

const outcomeOf = (request: CertificateSigningRequest): ReadonlyArray<Outcome> => {
  const refused = refusal(request)
  if (refused !== undefined) return [{ refused }]
  const { certificate = "" } = request.status
  return certificate === "" ? [] : [{ certificate: Buffer.from(certificate, "base64").toString() }]
}

/** Nothing while it is open. */
const outcomesOf = (event: Event<CertificateSigningRequest>): ReadonlyArray<Outcome> => {
  const gone = [{ refused: "it was deleted" }]
  if (event._tag !== "Snapshot") return event._tag === "Deleted" ? gone : outcomeOf(event.object)
  return event.objects.length === 0 ? gone : event.objects.flatMap(outcomeOf)
}

export const make = Effect.fnUntraced(function* (options: Options) {
  const { directory, name, request, signerName } = options
  const files = yield* FileSystem.FileSystem
  const [file, pendingFile] = [join(directory, `${name}.pem`), join(directory, `${name}.pending`)]
  const held = yield* SubscriptionRef.make<Option.Option<Pki.Pair>>(Option.none())

  const write = Effect.fnUntraced(function* (path: string, text: string) {
    yield* files.makeDirectory(directory, { recursive: true, mode: 0o700 })
    yield* files.remove(`${path}.new`, { force: true })
    yield* files.writeFileString(`${path}.new`, text, { mode: 0o600 })
    yield* files.rename(`${path}.new`, path)
  })
  const read = (path: string) => Effect.option(files.readFileString(path))

  /** A request that was made before, and may be answered yet; or another. */
  const asking = Effect.fnUntraced(function* (client: Client["Service"]) {
    const before = Option.flatMap(yield* read(pendingFile), Schema.decodeOption(Pending))
    if (Option.isSome(before)) {
      const found = yield* client.find(CertificateSigningRequest, { namespace: "", name: before.value.name })
      if (Option.isSome(found) && refusal(found.value) === undefined) return before.value
    }
    const made = yield* SigningRequest.make(request)
    const digest = createHash("sha256").update(made.request).digest("hex").slice(0, 12)
    const pending = { name: `${options.holder}-${name}-${digest}`, key: made.key }
    yield* write(pendingFile, yield* Schema.encodeEffect(Pending)(pending))
    const usages = ["digital signature", ...request.usages.map((usage) => `${usage} auth`)]
    const spec = {
      request: Buffer.from(made.request).toString("base64"),
      signerName,
      usages,
      ...(options.seconds !== undefined && { expirationSeconds: options.seconds })
    }
    yield* client.create(CertificateSigningRequest, { metadata: { name: pending.name }, spec })
    return pending
  })

  const answer = Effect.fnUntraced(function* (client: Client["Service"], asked: string) {
    const batches = client.watch(CertificateSigningRequest, { fieldSelector: `metadata.name=${asked}` })
    const outcome = yield* Stream.runHead(
      Stream.flatMap(batches, ({ events }) => Stream.fromIterable(events.flatMap(outcomesOf)))
    )
    const { certificate, refused = "the watch ended" } = Option.getOrElse(outcome, (): Outcome => ({}))
    return certificate ?? (yield* new NotGiven({ name: asked, detail: refused }))
  })

  const ask = Effect.gen(function* () {
    const client = yield* options.client
    const pending = yield* asking(client)
    const waiting = Effect.logInfo(
      `the request ${pending.name} waits for approval: kubectl certificate approve ${pending.name}`
    )
    yield* Effect.forkScoped(Effect.delay(waiting, "15 seconds"))
    const cert = yield* answer(client, pending.name)
    const pair = { cert, key: pending.key }
    yield* write(file, `${pair.cert.trimEnd()}\n${pair.key}`)
    yield* files.remove(pendingFile, { force: true })
    yield* SubscriptionRef.set(held, Option.some(pair))
    return pair
  }).pipe(Effect.scoped, Effect.withSpan("Held.ask", { attributes: { name } }))

  const now = yield* Clock.currentTimeMillis
  const found = Option.filter(Option.map(yield* read(file), split), (pair) => isGood(pair, options, now))
  yield* SubscriptionRef.set(held, found)

  const due = Effect.fnUntraced(function* (pair: Pki.Pair) {
    const at = yield* renewal(pair)
    const now = yield* Clock.currentTimeMillis
    // A timer holds less than 25 days.
    if (at > now) yield* Effect.sleep(Duration.millis(Math.min(at - now, 86_400_000)))
    return at <= (yield* Clock.currentTimeMillis)
  })
  const again = Effect.tapError(ask, (error) => Effect.logWarning(`${name}: no certificate yet, trying again`, error))
  const renew = Effect.gen(function* () {
    const before = yield* SubscriptionRef.get(held)
    if (Option.isSome(before) && !(yield* due(before.value))) return
    yield* Effect.retry(again, patience)
    yield* Effect.logInfo(`${name}: a new certificate`)
  })

  return {
    /** Certificate and key, one after the other: always whole, and always the last. */
    file,
    /** Asks once, if there is none. */
    first: Effect.flatMap(
      SubscriptionRef.get(held),
      Option.match({ onNone: () => ask, onSome: (pair) => Effect.succeed(pair) })
    ),
    /** Asks and renews while the scope is open. */
    keep: Effect.forkScoped(Effect.forever(renew)),
    current: () => Option.getOrUndefined(SubscriptionRef.getUnsafe(held)),
    /** What is held now, if there is something, and whatever comes in its place. */
    renewed: Stream.flatMap(SubscriptionRef.changes(held), (one) => Stream.fromIterable(Option.toArray(one)))
  }
})
export type Held = Effect.Success<ReturnType<typeof make>>
