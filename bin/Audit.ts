/** What is recorded of requests, by the settings `audit…`, which are kube-apiserver's. */
import { Duration, Effect, FileSystem } from "effect"
import * as PolicyFile from "../plugins/audit/PolicyFile.ts"
import type * as Sinks from "../plugins/audit/Sinks.ts"
import * as Webhook from "../plugins/audit/Webhook.ts"
import { resolve } from "node:path"
import { BadSetting, type Settings } from "./Settings.ts"

const read = Effect.fnUntraced(function* (flag: string, path: string) {
  const files = yield* FileSystem.FileSystem
  return yield* Effect.mapError(
    files.readFileString(path),
    ({ message }) => new BadSetting({ message: `--${flag} ${path}: it cannot be read: ${message}` })
  )
})

const bad = ({ message }: { readonly message: string }) => new BadSetting({ message })

/** `1m30s`, as Go writes times. */
const waiting = (text: string) => {
  const [, minutes = "0", seconds = "0", millis = "0"] = /^(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text) ?? []
  return Duration.millis(Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(millis))
}

/** Nothing: nobody is told of requests, unless a plugin asks for it. */
export const options = Effect.fn("Audit.options")(function* (settings: Settings) {
  const { auditLogPath, auditPolicyFile, auditWebhookConfigFile } = settings
  if (auditPolicyFile === "") {
    // As upstream's API server.
    if (auditLogPath !== "" || auditWebhookConfigFile !== "")
      return yield* new BadSetting({ message: "--audit-log-path and --audit-webhook-config-file need --audit-policy-file" })
    return undefined
  }
  const text = yield* read("audit-policy-file", auditPolicyFile)
  const policy = yield* Effect.mapError(PolicyFile.read(text, `--audit-policy-file ${auditPolicyFile}`), bad)
  const options: Sinks.Options = {
    policy,
    ...(auditLogPath !== "" && {
      log: {
        path: auditLogPath === "-" ? auditLogPath : resolve(auditLogPath),
        format: settings.auditLogFormat,
        mode: settings.auditLogMode,
        maxSize: settings.auditLogMaxsize,
        maxBackup: settings.auditLogMaxbackup,
        maxAge: settings.auditLogMaxage,
        compress: settings.auditLogCompress === "true"
      }
    }),
    ...(auditWebhookConfigFile !== "" && {
      webhook: {
        target: yield* Effect.mapError(
          Webhook.read(yield* read("audit-webhook-config-file", auditWebhookConfigFile), auditWebhookConfigFile),
          bad
        ),
        mode: settings.auditWebhookMode,
        maxSize: settings.auditWebhookBatchMaxSize,
        maxWait: waiting(settings.auditWebhookBatchMaxWait)
      }
    })
  }
  return options
})
