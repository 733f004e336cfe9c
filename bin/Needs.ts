/** The programs that the runtimes of a node cannot do without, and how to get them. */
import * as Program from "../adapters/Program.ts"
import type { Settings } from "./Settings.ts"

const built = "npm run parts -- crio builds it"

const needs: { readonly [_ in Settings["runtimes"][number]]: { readonly [program: string]: string } } = {
  containerd: { containerd: "install containerd", runc: "install runc" },
  crio: { crio: built, pinns: built, conmon: "install conmon", runc: "install runc", skopeo: "install skopeo" },
  podman: { podman: "install podman", conmon: "install conmon" },
  wire: {},
  docker: { dockerd: "install docker.io", runc: "install runc" }
}

/** What of those that are chosen the machine lacks. */
export const missing = ({ containerdEndpoint, runtimes }: Settings): ReadonlyArray<string> =>
  runtimes
    .filter((name) => name !== "containerd" || containerdEndpoint === "")
    .flatMap((name) => Object.entries(needs[name]))
    .filter(([program]) => Program.find(program) === undefined)
    .map(([program, how]) => `there is no ${program} (${how})`)
