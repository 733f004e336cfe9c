/** Which release of Kubernetes this server speaks like. Source: `version.Info`. */
import { arch, platform } from "node:os"

const gitVersion = "v1.36.4+keelson"

const architectures: { readonly [node: string]: string } = { x64: "amd64", ia32: "386" }

export const info = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: `node ${process.version}`,
  platform: `${platform()}/${architectures[arch()] ?? arch()}`
}
