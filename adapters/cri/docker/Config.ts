/** The configuration file of a dockerd of our own: all it keeps lies in one folder, and it touches no network. Source: dockerd's manual. */
import { join } from "node:path"
import type { OciRuntime } from "../OciRuntime.ts"

export interface Settings {
  readonly directory: string
  readonly socket: string
  readonly runtimes: ReadonlyArray<OciRuntime>
  readonly driver: "overlay2" | "vfs"
  /** Registries without certificates that can be checked. */
  readonly insecureRegistries: ReadonlyArray<string>
}

/** `runc` is a name that dockerd gives away itself. */
export const runtimeName = ({ name }: OciRuntime) => `keelson-${name}`

export const daemon = ({ directory, driver, insecureRegistries, runtimes, socket }: Settings) =>
  JSON.stringify(
    {
      "data-root": join(directory, "root"),
      "exec-root": join(directory, "exec"),
      hosts: [`unix://${socket}`],
      "storage-driver": driver,
      "log-driver": "json-file",
      // Containers outlive a daemon that is killed.
      "live-restore": true,
      bridge: "none",
      iptables: false,
      ip6tables: false,
      "ip-forward": false,
      "ip-masq": false,
      "userland-proxy": false,
      "oom-score-adjust": 0,
      "insecure-registries": insecureRegistries,
      ...(runtimes[0] && { "default-runtime": runtimeName(runtimes[0]) }),
      runtimes: Object.fromEntries(runtimes.map((one) => [runtimeName(one), { path: one.path }]))
    },
    null,
    2
  )
