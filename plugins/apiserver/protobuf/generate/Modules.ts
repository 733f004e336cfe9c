/** The packages of Kubernetes' Go modules that have messages: their `generated.proto`, and their Go files. */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import protobuf from "protobufjs"
import { type GoStruct, structsOf } from "./GoStructs.ts"

const modules = ["api", "apimachinery", "apiextensions-apiserver", "kube-aggregator"]
const generated = "generated.proto"

export interface Package {
  /** As in messages: `k8s.io.api.core.v1`. */
  readonly name: string
  readonly structs: ReadonlyMap<string, GoStruct>
}

/** `cache` is Go's module cache (`go env GOMODCACHE`), with the modules of one release in it. */
export const read = (cache: string, version: string) => {
  const root = new protobuf.Root()
  const packages = modules.flatMap((name) => {
    const folder = join(cache, "k8s.io", `${name}@${version}`)
    if (!existsSync(folder)) throw new Error(`there is no ${folder}: go mod download k8s.io/${name}@${version}`)
    return globSync(`**/${generated}`, { cwd: folder }).map((file) => readPackage(root, join(folder, file)))
  })
  return { root: root.resolveAll(), packages: new Map(packages.map((one) => [one.name, one])) }
}

const readPackage = (root: protobuf.Root, file: string): Package => {
  const { package: name = "" } = protobuf.parse(readFileSync(file, "utf8"), root, { keepCase: true })
  const folder = join(file, "..")
  const sources = readdirSync(folder).filter((one) => one.endsWith(".go") && !/_test\.go$|^zz_|\.pb\.go$/.test(one))
  return {
    name: name ?? "",
    structs: new Map(sources.flatMap((one) => [...structsOf(readFileSync(join(folder, one), "utf8"))]))
  }
}
