/** What people do first with a cluster, by the real kubectl. */
import { assert } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { dirname, join } from "node:path"
import { Cluster } from "./Cluster.ts"
import { eventually } from "./Eventually.ts"
import * as Images from "./Images.ts"
import * as Machine from "./Machine.ts"
import type { It } from "./Suite.ts"

/** A line of words without spaces, or the words. */
type Line = string | ReadonlyArray<string>
const wordsOf = (line: Line) => (typeof line === "string" ? line.split(" ") : line)

/** What kubectl says; it must succeed. */
const kubectl = (line: Line, input?: string) =>
  Effect.gen(function* () {
    const cluster = yield* Cluster
    const { code, stderr, stdout } = yield* cluster.kubectl(wordsOf(line), input)
    assert.strictEqual(code, 0, `kubectl ${line}\n${stderr}${stdout}`)
    return stdout.trim()
  })
/** Why kubectl refuses; it must. */
const refused = (line: Line, input?: string) =>
  Effect.gen(function* () {
    const cluster = yield* Cluster
    const { code, stderr, stdout } = yield* cluster.kubectl(wordsOf(line), input)
    assert.notStrictEqual(code, 0, `kubectl ${line}\n${stdout}`)
    return stderr.trim()
  })

const configMap = (data: Record<string, string>) =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied" }, data })

const tests = (it: It) => {
  it.effect("kubectl: nodes, and what the API has", () =>
    Effect.gen(function* () {
      assert.match(yield* kubectl("get nodes -o wide"), /^n1 +Ready .* \d+(\.\d+){3} .*containerd:\/\//m)
      assert.include(yield* kubectl("api-resources"), "deployments")
      assert.include(yield* kubectl("explain deployment.spec.strategy"), "rollingUpdate")
      assert.strictEqual(yield* kubectl("get --raw /readyz"), "ok")
      assert.strictEqual(yield* kubectl("auth can-i create pods"), "yes")
      assert.match(yield* refused("auth can-i create pods --as system:serviceaccount:default:default"), /^$/)
    })
  )

  it.effect("kubectl: create, expose, scale, set image, undo", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      const rolledOut = kubectl("rollout status deployment/shop --timeout=120s")
      yield* kubectl(`create deployment shop --image=${Images.web(1)} --replicas=3`)
      assert.include(yield* rolledOut, "successfully rolled out")
      yield* kubectl("expose deployment shop --port=80 --target-port=8080")
      const ip = yield* kubectl("get service shop -o jsonpath={.spec.clusterIP}")
      yield* eventually("shop answers", 10, cluster.fetch(`http://${ip}/`), (text) => / v1$/.test(text))
      yield* kubectl("scale deployment shop --replicas=4")
      yield* rolledOut
      assert.match(yield* kubectl("get deployment shop"), /^shop +4\/4 +4 +4 /m)
      yield* kubectl(`set image deployment/shop web=${Images.web(2)}`)
      yield* rolledOut
      yield* eventually("shop is new", 10, cluster.fetch(`http://${ip}/`), (text) => / v2$/.test(text))
      assert.match(yield* kubectl("rollout history deployment/shop"), /^2 /m)
      yield* kubectl("rollout undo deployment/shop")
      yield* rolledOut
      yield* kubectl("rollout restart deployment/shop")
      yield* rolledOut
    })
  )

  it.effect("kubectl: get -w, describe, logs -f, exec, exec -it, cp", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      const seen = join(dirname(cluster.kubeconfig), "watched")
      const watch = `exec ${Machine.kubectl} --kubeconfig ${cluster.kubeconfig} get pods -o wide -w > ${seen}`
      const watching = yield* Effect.forkChild(cluster.run("sh", ["-c", watch], { seconds: 110 }))
      const watched = Effect.sync(() => Machine.textOf(seen))
      yield* eventually("the watch shows what is there", 30, watched, (text) => text.includes("shop-"))
      const once = ["--image", Images.tools, "--command", "--", "sh", "-c", "echo said; sleep 2"]
      yield* kubectl(["run", "once", "--restart=Never", ...once])
      yield* kubectl("wait --for=condition=Ready pod/once --timeout=80s")
      assert.strictEqual(yield* kubectl("logs -f once"), "said")
      assert.match(yield* kubectl("describe pod once"), /Normal +Started/)
      const pod = yield* kubectl("get pods -l app=shop -o jsonpath={.items[0].metadata.name}")
      assert.strictEqual(yield* kubectl(`exec ${pod} -- hostname`), pod)
      assert.strictEqual(yield* kubectl(`exec -i ${pod} -- cat`, "typed"), "typed")
      assert.match(yield* refused(["exec", pod, "--", "sh", "-c", "exit 4"]), /exit code 4/)
      const terminal = `${Machine.kubectl} --kubeconfig ${cluster.kubeconfig} exec -it ${pod} -- sh -c 'test -t 0 && echo a terminal'`
      assert.match((yield* cluster.run("script", ["-qec", terminal, "/dev/null"])).stdout, /a terminal/)
      yield* kubectl(`cp /etc/hostname ${pod}:/tmp/copied`)
      assert.isAbove((yield* kubectl(`exec ${pod} -- cat /tmp/copied`)).length, 0)
      yield* kubectl("delete pod once")
      for (const line of [/^once +0\/1 +Pending/m, /^once +1\/1 +Running/m])
        yield* eventually(`the watch shows ${line}`, 30, watched, (text) => line.test(text))
      yield* Fiber.interrupt(watching)
    })
  )

  it.effect("kubectl: apply by the client and by the server", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* kubectl("apply -f -", configMap({ a: "1", b: "1" })), "configmap/applied created")
      assert.strictEqual(yield* kubectl("apply -f -", configMap({ a: "1", b: "1" })), "configmap/applied unchanged")
      assert.strictEqual(yield* kubectl("apply -f -", configMap({ a: "2" })), "configmap/applied configured")
      assert.strictEqual(yield* kubectl("get configmap applied -o jsonpath={.data}"), '{"a":"2"}')
      const conflict = yield* refused("apply --server-side --field-manager=other -f -", configMap({ a: "3" }))
      assert.match(conflict, /conflict with "kubectl-client-side-apply"[\s\S]*\.data\.a/)
      yield* kubectl("apply --server-side --field-manager=other --force-conflicts -f -", configMap({ a: "3" }))
      assert.strictEqual(yield* kubectl("get configmap applied -o jsonpath={.data}"), '{"a":"3"}')
      assert.match(
        yield* refused("apply -f -", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"Bad_Name"}}'),
        /metadata\.name/
      )
      assert.match(
        yield* refused("create -f -", '{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"prots":[]}}'),
        /unknown field "spec\.prots"/
      )
    })
  )

  it.effect("kubectl: port-forward, debug, edit, create token, cluster-info dump", () =>
    Effect.gen(function* () {
      const cluster = yield* Cluster
      yield* kubectl(`run held --image=${Images.web(1)}`)
      yield* kubectl("wait --for=condition=Ready pod/held --timeout=80s")
      const own = `${Machine.kubectl} --kubeconfig ${cluster.kubeconfig}`
      const asked = "busybox wget -qO- http://127.0.0.1:18889/"
      const forwarded = `${own} port-forward pod/held 18889:8080 >/dev/null & for i in $(seq 50); do ${asked} && break; sleep 0.2; done; kill $!`
      assert.match((yield* cluster.run("sh", ["-c", forwarded])).stdout, /held v1/)
      yield* kubectl(["debug", "held", "--image", Images.tools, "-c", "beside", "--", "sh", "-c", "echo beside it"])
      // Until it has begun there are no logs of it.
      const beside = Effect.map(cluster.kubectl(wordsOf("logs held -c beside")), ({ stdout }) => stdout.trim())
      yield* eventually("it ran beside", 40, beside, (text) => text === "beside it")
      const edit = `KUBE_EDITOR="sed -i 's/run: held/run: edited/'" ${own} edit pod held`
      assert.include((yield* cluster.run("sh", ["-c", edit])).stdout, "pod/held edited")
      assert.strictEqual(yield* kubectl("get pods -l run=edited -o name"), "pod/held")
      assert.match(yield* kubectl("create token default"), /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
      assert.include(yield* kubectl("cluster-info dump"), "==== START logs for container held of pod default/held ====")
      yield* kubectl("delete pod held --now")
    })
  )

  it.effect("kubectl: delete", () =>
    Effect.gen(function* () {
      yield* kubectl("delete deployment,service shop")
      yield* kubectl("delete configmap applied")
      yield* eventually("no Pod is there", 40, kubectl("get pods -l app=shop -o name"), (text) => text === "")
      yield* kubectl("create namespace away")
      yield* kubectl("create configmap inside -n away --from-literal=a=b")
      yield* kubectl("delete namespace away --timeout=80s")
      assert.match(yield* refused("get namespace away"), /NotFound/)
    })
  )
}

export const kubectlTests = (it: It) => {
  if (Machine.kubectl === undefined)
    it.skip("kubectl (left out: it is neither on PATH nor named by KEELSON_KUBECTL)", () => undefined)
  else tests(it)
}
