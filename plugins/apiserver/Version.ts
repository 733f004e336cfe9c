/** Which release of Kubernetes this server speaks like. Source: `version.Info`. */
import { arch, platform } from "node:os"

/** The release of Kubernetes whose API this is. */
const release = "v1.36.4"

const architectures: { readonly [node: string]: string } = { x64: "amd64", ia32: "386" }

/** `own`: the version of this program. */
export const info = (own?: string) => ({
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: `${release}+keelson${own === undefined ? "" : `.${own}`}`,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: `node ${process.version}`,
  platform: `${platform()}/${architectures[arch()] ?? arch()}`
})

export type Info = ReturnType<typeof info>
