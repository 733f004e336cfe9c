/**
 * The first application of a cluster that `npm start` brings up: an image made here of busybox, two Pods of it behind a Service,
 * and a call of that Service from this machine and, by its name, from another Pod.
 */
import { Console, Duration, Effect, Option, Schedule, Schema } from "effect"
import { existsSync } from "node:fs"
import { get } from "node:http"
import { request } from "node:https"
import * as ImageArchive from "../adapters/cri/ImageArchive.ts"
import { Client } from "../kernel/client/Client.ts"
import type { Kind, Resource, ResourceDraft } from "../kernel/resource/Kind.ts"
import { Deployment } from "../plugins/resources/contracts/apps/v1.ts"
import { Pod, Service } from "../plugins/resources/contracts/core/v1.ts"
import type { Keys } from "./Keys.ts"
import * as Members from "./Members.ts"
import * as NodeRuntimes from "./NodeRuntimes.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"

export class HelloFailed extends Schema.TaggedError<HelloFailed>()("HelloFailed", { message: Schema.String }) {}

const image = "keelson.local/hello:1"
const at = (name: string) => ({ namespace: "default", name })
const labels = { app: "hello" }

const archive = Effect.try({
  try: () => {
    const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path) && ImageArchive.isStatic(path))
    if (busybox === undefined) throw new Error("install busybox-static")
    return ImageArchive.make({
      name: image,
      files: ImageArchive.busybox(busybox),
      entrypoint: ["/bin/sh"]
    })
  },
  catch: (cause) => new HelloFailed({ message: `the image of the hello application could not be made: ${cause}` })
})

const serve = `mkdir /www; echo "hello from $(hostname)" > /www/index.html; exec httpd -f -p 8080 -h /www`
const deployment = {
  metadata: { ...at("hello"), labels },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "hello",
            image,
            imagePullPolicy: "IfNotPresent",
            args: ["-c", serve],
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 }
          }
        ]
      }
    }
  }
}
const service = { metadata: at("hello"), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }
const caller = (domain: string) => ({
  metadata: { ...at("hello-caller") },
  spec: {
    restartPolicy: "Never",
    containers: [
      {
        name: "caller",
        image,
        imagePullPolicy: "IfNotPresent",
        args: [
          "-c",
          `for i in 1 2 3 4 5 6 7 8 9 10; do timeout 2 wget -qO- http://hello.default.svc.${domain} && exit 0; sleep 1; done; exit 1`
        ]
      }
    ]
  }
})

const ensure = <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, draft: D) =>
  Effect.flatMap(Client, (client) => client.create(kind, draft)).pipe(Effect.catchTag("AlreadyExists", () => Effect.void))

const often = Schedule.spaced("100 millis")
const within = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.retry(often),
    Effect.timeoutOrElse({
      duration: Duration.minutes(2),
      orElse: () =>
        Effect.fail(new HelloFailed({ message: `${what} within 2 minutes: look at keelson kubectl get pods,events` }))
    })
  )

const available = Effect.gen(function* () {
  const client = yield* Client
  const { status } = yield* client.get(Deployment, at("hello"))
  if ((status.availableReplicas ?? 0) < 2) return yield* new HelloFailed({ message: "not yet" })
})

/** The text at a URL of this machine. */
const fetchText = (url: string) =>
  Effect.callback<string, HelloFailed>((resume) => {
    const call = get(url, { timeout: 2000, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      response.on("end", () => resume(Effect.succeed(text.trim())))
    })
    call.on("timeout", () => call.destroy(new Error("no answer within 2 seconds")))
    call.on("error", (error) => resume(Effect.fail(new HelloFailed({ message: `${url}: ${error.message}` }))))
    return Effect.sync(() => call.destroy())
  })

/** The log of a Pod, as kubectl reads it. */
const logOf = ({ apiPort }: Settings, { admin, ca }: Keys, name: string) =>
  Effect.callback<string, HelloFailed>((resume) => {
    const options = {
      host: "127.0.0.1",
      port: apiPort,
      path: `/api/v1/namespaces/default/pods/${name}/log`,
      ca: ca.cert,
      cert: admin.cert,
      key: admin.key,
      agent: false
    }
    const call = request(options, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      response.on("end", () => resume(Effect.succeed(text.trim())))
    })
    call.on("error", (error) => resume(Effect.fail(new HelloFailed({ message: `the log of ${name}: ${error.message}` }))))
    call.end()
  })

/** By its DNS name, from a Pod that is made for it and removed again. */
const callByName = Effect.fnUntraced(function* (settings: Settings, keys: Keys) {
  const client = yield* Client
  const gone = Effect.flatMap(client.find(Pod, at("hello-caller")), (found) =>
    Option.isNone(found) ? Effect.void : Effect.fail(new HelloFailed({ message: "not yet" }))
  )
  yield* client
    .delete(Pod, at("hello-caller"), { gracePeriodSeconds: 0 })
    .pipe(Effect.catchTag("NotFound", () => Effect.void))
  yield* within("the last caller did not go", gone)
  yield* client.create(Pod, caller(settings.clusterDomain))
  const ended = Effect.flatMap(client.get(Pod, at("hello-caller")), ({ status: { phase } }) =>
    phase === "Succeeded" || phase === "Failed"
      ? Effect.succeed(phase)
      : Effect.fail(new HelloFailed({ message: "not yet" }))
  )
  const phase = yield* within("the Service did not answer a Pod by its name", ended)
  const text = yield* logOf(settings, keys, "hello-caller")
  if (phase === "Failed") return yield* new HelloFailed({ message: `the Service did not answer a Pod by its name: ${text}` })
  yield* client.delete(Pod, at("hello-caller"), { gracePeriodSeconds: 0 })
  return text
})

/** Every node has images of its own. */
const everywhere = (cluster: Settings, image: Uint8Array) =>
  Effect.forEach(
    Members.all(cluster),
    (member) => {
      const settings = Members.settingsOf(cluster, member)
      return NodeRuntimes.importImage({ settings, paths: Paths.make(settings.dataDir, member.name), stop: "keep" }, image)
    },
    { discard: true }
  )

export const run = Effect.fn("Hello.run")(function* (settings: Settings, keys: Keys, hollow: boolean) {
  const client = yield* Client
  if (!hollow) yield* Effect.mapError(everywhere(settings, yield* archive), ({ message }) => new HelloFailed({ message }))
  yield* ensure(Deployment, deployment)
  yield* ensure(Service, service)
  yield* within("the hello application did not become available", available)
  const {
    spec: { clusterIP = "" }
  } = yield* client.get(Service, at("hello"))
  yield* Console.log(`deployment hello: 2 Pods available behind the Service hello (${clusterIP})`)
  if (hollow) return yield* Console.log("the node is hollow: there is nobody to answer a call")
  const direct = yield* within("the Service did not answer on its cluster IP", fetchText(`http://${clusterIP}/`))
  yield* Console.log(`  http://${clusterIP}/ says: ${direct}`)
  const named = yield* callByName(settings, keys)
  yield* Console.log(`  http://hello.default.svc.${settings.clusterDomain}/ says, to another Pod: ${named}`)
})
