/** One Pod with everything that a Pod can be given: configuration as files and as environment, a token, and probes. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { ConfigMap, Pod, Secret, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import { Cluster } from "./Cluster.ts"
import { at, container, eventually, eventsOf, find, firstStatus, idOf, isReady } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import type { It } from "./Suite.ts"

const from = (name: string, source: Record<string, unknown>) => ({ name, valueFrom: source })

const spec = {
  serviceAccountName: "app",
  terminationGracePeriodSeconds: 1,
  initContainers: [
    container(Images.tools, {
      name: "first",
      command: ["sh", "-c", "cat /config/greeting > /shared/made"],
      volumeMounts: [
        { name: "config", mountPath: "/config" },
        { name: "shared", mountPath: "/shared" }
      ]
    }),
    container(Images.tools, {
      name: "second",
      command: ["sh", "-c", "echo second >> /shared/made"],
      volumeMounts: [{ name: "shared", mountPath: "/shared" }]
    })
  ],
  containers: [
    container(Images.web(1), {
      env: [
        { name: "PLAIN", value: "plain" },
        { name: "MADE_OF", value: "$(PLAIN)-$(GREETING)" },
        from("GREETING", { configMapKeyRef: { name: "app", key: "greeting" } }),
        from("PASSWORD", { secretKeyRef: { name: "app", key: "password" } }),
        from("POD_IP", { fieldRef: { fieldPath: "status.podIP" } }),
        from("MEMORY", { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } })
      ],
      envFrom: [{ prefix: "ALL_", configMapRef: { name: "app" } }],
      resources: { limits: { memory: "64Mi", cpu: "500m" } },
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      readinessProbe: { httpGet: { port: 8080, path: "/" }, periodSeconds: 1 },
      livenessProbe: { exec: { command: ["test", "-e", "/shared/made"] }, periodSeconds: 1, failureThreshold: 1 },
      volumeMounts: [
        { name: "shared", mountPath: "/shared" },
        { name: "config", mountPath: "/config" },
        { name: "secret", mountPath: "/secret", readOnly: true },
        { name: "all", mountPath: "/all" }
      ]
    })
  ],
  volumes: [
    { name: "shared", emptyDir: {} },
    { name: "config", configMap: { name: "app" } },
    { name: "secret", secret: { secretName: "app", defaultMode: 0o400 } },
    {
      name: "all",
      projected: {
        sources: [
          { configMap: { name: "app", items: [{ key: "greeting", path: "config/greeting" }] } },
          { secret: { name: "app", items: [{ key: "password", path: "secret/password", mode: 0o400 }] } },
          { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
          { serviceAccountToken: { path: "token", expirationSeconds: 600, audience: "somebody" } }
        ]
      }
    }
  ]
}

/** The parts of a token that say whose it is. */
const claims = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

export const volumes = (it: It) => {
  it.effect("a Pod is given its configuration, its secrets, its tokens and its environment", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const cluster = yield* Cluster
      const printed = (...command: ReadonlyArray<string>) =>
        Effect.map(cluster.exec("app", command), ({ text }) => text.trim())
      yield* client.create(ServiceAccount, { metadata: at("app") })
      yield* client.create(ConfigMap, { metadata: at("app"), data: { greeting: "hello" } })
      yield* client.create(Secret, { metadata: at("app"), data: { password: Buffer.from("secret").toString("base64") } })
      yield* client.create(Pod, { metadata: { ...at("app"), labels: { app: "app" } }, spec })
      const pod = yield* eventually("app is ready", 30, find(Pod, at("app")), isReady)
      assert.deepStrictEqual(
        pod?.status.initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode),
        [0, 0]
      )
      assert.strictEqual(yield* printed("cat", "/shared/made"), "hellosecond")
      assert.strictEqual(
        yield* printed("sh", "-c", 'echo "$PLAIN $MADE_OF $GREETING $PASSWORD $POD_IP $MEMORY $ALL_greeting"'),
        `plain plain-$(GREETING) hello secret ${pod?.status.podIP} 64 hello`
      )
      assert.strictEqual(yield* printed("stat", "-Lc", "%a", "/secret/password", "/all/secret/password"), "400\n400")
      assert.strictEqual(
        yield* printed("cat", "/secret/password", "/all/config/greeting", "/all/labels"),
        'secrethelloapp="app"'
      )
      const { aud, sub } = claims(yield* printed("cat", "/all/token"))
      assert.deepStrictEqual({ aud, sub }, { aud: ["somebody"], sub: "system:serviceaccount:default:app" })
    })
  )

  it.effect("a Pod calls the API by its name, as its ServiceAccount", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      const name = "kubernetes.default.svc.cluster.local"
      assert.match((yield* cluster.exec("app", ["nslookup", name])).text, /^Address.*\b10\.96\.0\.1$/m)
      const file = (path: string) =>
        Effect.map(cluster.exec("app", ["cat", `/var/run/secrets/kubernetes.io/serviceaccount/${path}`]), ({ text }) => text)
      const host = { host: "10.96.0.1", servername: name, ca: yield* file("ca.crt") }
      const asked = { ...host, path: "/api/v1/pods", headers: { authorization: `Bearer ${yield* file("token")}` } }
      const script = `require("node:https").get(${JSON.stringify(asked)}, (answer) => answer.pipe(process.stdout))`
      // The image has no TLS: what asks is the machine's, in the Pod's network.
      const first = Machine.firstProcess(idOf(yield* find(Pod, at("app"))))
      assert.isDefined(first)
      const inPod = ["-t", `${first?.pid}`, "-n", process.execPath, "-e", script]
      const { message } = JSON.parse((yield* Machine.run("nsenter", inPod)).stdout)
      assert.match(message, /^pods is forbidden: User "system:serviceaccount:default:app" cannot list resource "pods"/)
      yield* Effect.flatMap(Client, (client) =>
        client.patch(ConfigMap, at("app"), "merge", { data: { greeting: "good bye" } })
      )
    })
  )
}

/** Some time after: a node looks at what its files are made of once a minute. */
export const volumesLater = (it: It) => {
  it.effect("its files follow what they are made of", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      const read = cluster.exec("app", ["cat", "/config/greeting", "/all/config/greeting"])
      yield* eventually("the files change", 90, read, ({ text }) => text === "good byegood bye")
    })
  )

  it.effect("a Pod that fails its liveness probe is restarted, and is not ready meanwhile", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const cluster = yield* Cluster
      yield* cluster.exec("app", ["rm", "/shared/made"])
      yield* eventually("app is restarted", 20, find(Pod, at("app")), (pod) => firstStatus(pod)?.restartCount === 1)
      yield* eventually("it is told", 10, eventsOf("app"), (all) =>
        all.some((text) => /^Unhealthy: Liveness probe failed/.test(text))
      )
      yield* client.delete(Pod, at("app"))
      yield* eventually("app goes", 20, find(Pod, at("app")), (pod) => pod === undefined)
    })
  )
}
