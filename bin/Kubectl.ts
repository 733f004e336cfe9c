/** `keelson kubectl …`: the machine's kubectl on this cluster. */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import type { Paths } from "./Paths.ts"

export class KubectlMissing extends Schema.TaggedError<KubectlMissing>()("KubectlMissing", { message: Schema.String }) {}

/** Its exit code. */
export const run = Effect.fnUntraced(function* ({ kubeconfig }: Pick<Paths, "kubeconfig">, args: ReadonlyArray<string>) {
  if (!existsSync(kubeconfig)) {
    return yield* new KubectlMissing({
      message: `there is no ${kubeconfig}: start the cluster first (keelson up), or name its --data-dir`
    })
  }
  return yield* Effect.callback<number, KubectlMissing>((resume) => {
    const child = spawn("kubectl", args, { stdio: "inherit", env: { ...process.env, KUBECONFIG: kubeconfig } })
    child.once("exit", (code) => resume(Effect.succeed(code ?? 1)))
    child.once("error", (error) =>
      resume(
        Effect.fail(
          new KubectlMissing({
            message: `kubectl could not be started (${error.message}): install it, for example Debian's kubernetes-client`
          })
        )
      )
    )
  })
})
