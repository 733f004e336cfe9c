/**
 * `npm run parts -- coredns flanneld …`: adds programs that this release of Debian does not have: from their Go modules, from other
 * releases, or from npm. They come into the folder where Keelson looks for them (~/.cache/keelson/bin) or beside it, and what is there is not
 * added again. Plain JavaScript, as bin/setup.mjs.
 */
import { spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { homedir, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "keelson")
export const directory = join(cache, "bin")

const say = (text) => process.stderr.write(`${text}\n`)

/** Runs a program and throws with the end of what it said if it fails. */
const run = (cwd, program, args, env = {}) => {
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=mod", ...env },
    timeout: 15 * 60_000
  })
  if (status === 0) return stdout.trim()
  if (error?.code === "ENOENT") throw new Error(`${program} is not on this machine`)
  throw new Error(`${program} ${args.join(" ")}: ${error ?? (stderr + stdout).trim().split("\n").slice(-5).join("\n")}`)
}

/** A module of our own that needs the package: some modules cannot be installed by name and version. */
const scratch = (module, version, packages, folder) => {
  writeFileSync(join(folder, "go.mod"), `module parts\n\ngo 1.26.0\n\nrequire ${module} ${version}\n`)
  const imports = packages.map((name) => `import _ "${name}"`).join("\n")
  writeFileSync(join(folder, "parts.go"), `//go:build parts\n\npackage parts\n\n${imports}\n`)
  run(folder, "go", ["mod", "tidy"])
}

const build = (folder, output, name, { cgo = "0", tags = "" } = {}) =>
  run(folder, "go", ["build", "-trimpath", "-ldflags=-s -w", `-tags=${tags}`, "-o", output, name], { CGO_ENABLED: cgo })

/** The sources of a module, to be changed. */
const sourcesOf = (folder, module, version) => {
  const { Dir } = JSON.parse(run(folder, "go", ["mod", "download", "-json", `${module}@${version}`]))
  const copy = join(folder, "sources")
  cpSync(Dir, copy, { recursive: true })
  run(folder, "chmod", ["-R", "u+w", copy])
  return copy
}

/** A program of a module, as it is. */
const plain = (module, version, name) => ({
  why: "",
  make: (folder, output) => {
    scratch(module, version, [name], folder)
    build(folder, output, name)
  }
})

/** A package of another release of Debian, unpacked beside those that are installed. It comes from where the others come from. */
const debian = (name, release, why) => ({
  why: `${why}; needs Debian`,
  isThere: (folder) => existsSync(join(folder, "usr")),
  make: (folder, output) => {
    const [site] = run(folder, "apt-get", ["indextargets", "--format", "$(REPO_URI)", "Origin: Debian"]).split("\n")
    const empty = join(folder, "empty")
    for (const path of ["lists/partial", "archives/partial", "empty"]) mkdirSync(join(folder, path), { recursive: true })
    const keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    writeFileSync(join(folder, "sources.list"), `deb [signed-by=${keys}] ${site} ${release} main\n`)
    const apart = {
      "Dir::Etc::sourcelist": join(folder, "sources.list"),
      "Dir::Etc::sourceparts": empty,
      "Dir::State::lists": join(folder, "lists"),
      "Dir::Cache": folder,
      "APT::Sandbox::User": "root"
    }
    const options = Object.entries(apart).flatMap(([key, value]) => ["-o", `${key}=${value}`])
    run(folder, "apt-get", [...options, "-qq", "update"])
    run(folder, "apt-get", [...options, "-qq", "download", `${name}/${release}`])
    const [file] = readdirSync(folder).filter((one) => one.endsWith(".deb"))
    run(folder, "dpkg", ["-x", file, output])
  }
})

/** Modules of Kubernetes that its own sources have beside them, and other modules have to name. */
const staging = (
  "api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator component-base " +
  "component-helpers controller-manager cri-api cri-client cri-streaming csi-translation-lib dynamic-resource-allocation endpointslice " +
  "externaljwt kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils " +
  "pod-security-admission sample-apiserver sample-cli-plugin sample-controller streaming"
).split(" ")

/** A program of Kubernetes 1.MINOR.PATCH itself. */
const kubernetes = (version, path) => ({
  why: "",
  make: (folder, output) => {
    const lines = staging.map((name) => `replace k8s.io/${name} => k8s.io/${name} v0.${version}`)
    const name = `k8s.io/kubernetes/${path}`
    writeFileSync(
      join(folder, "go.mod"),
      `module parts\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v1.${version}\n${lines.join("\n")}\n`
    )
    writeFileSync(join(folder, "parts.go"), `//go:build parts\n\npackage parts\n\nimport _ "${name}"\n`)
    // Not tidied: that would bring what only its tests need.
    build(folder, output, name)
  }
})

const crio = ["github.com/cri-o/cri-o", "v1.36.3"]
const crioTags = "seccomp,containers_image_openpgp,containers_image_ostree_stub,exclude_graphdriver_btrfs,btrfs_noversion"
const flannel = ["github.com/flannel-io/flannel", "v0.28.9"]

/** Moto with what its server of EC2, ELB, ECS and ACM imports, and nothing of what its other services do. */
const moto = [
  ...["moto==5.2.5", "boto3==1.44.5", "botocore==1.44.5", "s3transfer==0.19.3", "jmespath==1.1.0", "responses==0.26.3"],
  ...["flask==3.1.3", "flask-cors==6.0.5", "werkzeug==3.1.9", "blinker==1.9.0", "itsdangerous==2.2.0", "click==8.5.1"],
  ...["jinja2==3.1.6", "markupsafe==3.0.4", "xmltodict==1.0.4", "pyyaml==6.0.3", "python-dateutil==2.9.0.post0"],
  ...["requests==2.34.2", "urllib3==2.8.0", "certifi==2026.10.18", "charset_normalizer==3.5.2", "idna==3.20"],
  ...["cryptography==50.0.2", "cffi==2.1.1", "pycparser==3.12", "six==1.17.0"]
]

/** Libraries of clouds for Python, in which they publish what requests to their APIs look like. */
const cloudApis = ["google-api-python-client==2.202.0", "azure-mgmt-network==33.0.0", "azure-mgmt-compute==39.0.0"]

export const parts = {
  "nats-server": {
    ...plain("github.com/nats-io/nats-server/v2", "v2.15.2", "github.com/nats-io/nats-server/v2"),
    why: "the replicated store",
    // One of before is replaced.
    serves: (file) => (spawnSync(file, ["--version"], { encoding: "utf8" }).stdout ?? "").includes("v2.15.2")
  },
  etcd: {
    ...plain("go.etcd.io/etcd/server/v3", "v3.6.16", "go.etcd.io/etcd/server/v3"),
    why: "what the store is measured beside: npm run bench -- store"
  },
  coredns: {
    ...plain("github.com/coredns/coredns", "v1.14.7", "github.com/coredns/coredns"),
    why: "the DNS server of --dns coredns"
  },
  versitygw: {
    ...plain("github.com/versity/versitygw", "v1.8.0", "github.com/versity/versitygw/cmd/versitygw"),
    why: "an S3 server, for the tests of snapshots that are kept in one"
  },
  flanneld: {
    why: "the network of --network flanneld",
    make: (folder, output) => {
      writeFileSync(join(folder, "go.mod"), "module parts\n")
      const sources = sourcesOf(folder, ...flannel)
      // The module that this back end needs is not published.
      const main = join(sources, "main.go")
      const kept = readFileSync(main, "utf8")
        .split("\n")
        .filter((line) => !line.includes("/backend/tencentvpc"))
      writeFileSync(main, kept.join("\n"))
      build(sources, output, ".", { cgo: "1" })
    }
  },
  crio: {
    why: "the runtime of --runtimes crio; needs gcc, pkg-config and libseccomp-dev",
    make: (folder, output) => {
      scratch(...crio, ["github.com/cri-o/cri-o/cmd/crio"], folder)
      build(folder, output, "github.com/cri-o/cri-o/cmd/crio", { cgo: "1", tags: crioTags })
    }
  },
  pinns: {
    why: "keeps the namespaces of CRI-O's Pods; needs gcc and make",
    make: (folder, output) => {
      writeFileSync(join(folder, "go.mod"), "module parts\n")
      const sources = join(sourcesOf(folder, ...crio), "pinns")
      run(sources, "make", ["--silent"])
      cpSync(join(sources, "..", "bin", "pinns"), output)
    }
  },
  "containerd-1.7": debian("containerd", "trixie", "an older containerd, which the tests try too"),
  "containerd-2.1": debian("containerd", "sid", "a newer containerd, which the tests try too"),
  moto: {
    why: "plays AWS for the tests of that cloud; needs python3 with pip",
    isThere: (folder) => existsSync(join(folder, "moto")),
    make: (folder, output) => {
      // Debian's pip may lack venv; a folder of its own needs none.
      const pip = ["-m", "pip", "install", "--quiet", "--root-user-action=ignore", "--disable-pip-version-check"]
      run(folder, "python3", [...pip, "--no-deps", "--target", output, ...moto])
    }
  },
  deno: {
    why: "what sandboxes of plugins run on where it is there, for its permissions",
    make: (folder, output) => {
      const name = `@deno/linux-${process.arch}-glibc@2.9.6`
      run(folder, "npm", ["pack", "--silent", name])
      const [file] = readdirSync(folder).filter((one) => one.endsWith(".tgz"))
      run(folder, "tar", ["-xzf", file])
      cpSync(join(folder, "package", "deno"), output)
    }
  },
  "sample-device-plugin": {
    ...kubernetes("36.4", "test/images/sample-device-plugin"),
    why: "upstream's own device plugin, for the tests of devices"
  },
  "cloud-apis": {
    why: "the APIs of Google's cloud and Microsoft's, by which tests check requests to them; needs python3 with pip",
    isThere: (folder) => ["compute.v1.json", "azure.json"].every((file) => existsSync(join(folder, file))),
    make: (folder, output) => {
      const pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
      run(folder, "python3", [...pip, "--dest", folder, ...cloudApis])
      for (const wheel of readdirSync(folder)) run(folder, "python3", ["-m", "zipfile", "-e", wheel, "all"])
      mkdirSync(output)
      const google = join(folder, "all", "googleapiclient", "discovery_cache", "documents", "compute.v1.json")
      cpSync(google, join(output, "compute.v1.json"))
      const azure = ["network", "compute"].map((name) => join(folder, "all", "azure", "mgmt", name))
      const script = fileURLToPath(new URL("azure-api.py", import.meta.url))
      run(folder, "python3", [script, join(output, "azure.json"), ...azure])
    }
  },
  crictl: {
    ...plain("sigs.k8s.io/cri-tools", "v1.36.0", "sigs.k8s.io/cri-tools/cmd/crictl"),
    why: "asks a CRI runtime by hand"
  },
  critest: {
    why: "the checks of the CRI's authors",
    make: (folder, output) => {
      const packages = ["cmd/critest", "pkg/validate", "pkg/benchmark"].map((name) => `sigs.k8s.io/cri-tools/${name}`)
      scratch("sigs.k8s.io/cri-tools", "v1.36.0", packages, folder)
      run(folder, "go", ["test", "-c", "-trimpath", "-ldflags=-s -w", "-o", output, packages[0]], { CGO_ENABLED: "0" })
    }
  }
}

const onPath = (name) => (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, name)))
/** Programs lie in one folder; what is more than a program has a folder beside it. */
const placeOf = (name) => (parts[name].isThere === undefined ? join(directory, name) : join(cache, name))
export const isThere = (name) => {
  const { isThere = existsSync, serves = () => true } = parts[name]
  const place = placeOf(name)
  return (isThere(place) && serves(place)) || onPath(name)
}

/** Builds one part; gives what went wrong, or nothing. */
const add = (name) => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-parts-"))
  try {
    const output = join(folder, "program")
    parts[name].make(folder, output)
    const place = placeOf(name)
    mkdirSync(dirname(place), { recursive: true })
    const aside = join(dirname(place), `.${name}-${process.pid}`)
    cpSync(output, aside, { recursive: true })
    renameSync(aside, place)
    return undefined
  } catch (error) {
    return `${name} could not be built: ${error.message}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Builds those that are missing, and says what for; what cannot be built is told and left out. Gives whether all are there. */
export const addParts = (names) => {
  const missing = names.filter((name) => !isThere(name))
  if (missing.length === 0) return true
  const list = missing.map((name) => `  ${name}: ${parts[name].why}`).join("\n")
  say(`adding programs that Debian does not have; those in Go are built, a few minutes each, once:\n${list}`)
  const flaws = missing.map(add).filter((flaw) => flaw !== undefined)
  for (const flaw of flaws) say(flaw)
  return flaws.length === 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2)
  const unknown = names.filter((name) => !(name in parts))
  if (names.length === 0 || unknown.length > 0) {
    const list = Object.entries(parts).map(([name, { why }]) => `  ${name}: ${why}`)
    say(
      `${unknown.length > 0 ? `unknown: ${unknown.join(", ")}\n` : ""}npm run parts -- NAME …, of these:\n${list.join("\n")}`
    )
    process.exit(2)
  }
  process.exit(addParts(names) ? 0 : 1)
}
