/**
 * Installs what is missing before anything of the project can run: npm packages, and as root on Debian the packages that real
 * containers need. Plain JavaScript without dependencies, for any Node.js from 18 on. Running it twice changes nothing.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, lstatSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const node = join(root, "node_modules", ".bin", "node")

const say = (text) => process.stderr.write(`${text}\n`)
const fail = (text) => {
  say(`keelson: ${text}`)
  process.exit(1)
}

/** By package: a file that says it is there, and what for. */
const debian = [
  ["containerd", ["/usr/bin/containerd", "/usr/local/bin/containerd"], "runs the containers"],
  ["runc", ["/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc"], "starts their processes"],
  ["containernetworking-plugins", ["/usr/lib/cni/bridge", "/opt/cni/bin/bridge"], "connects Pods to the network"],
  ["nftables", ["/usr/sbin/nft"], "leads Services to their Pods"],
  ["iproute2", ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"], "makes links, addresses and routes"],
  ["conntrack", ["/usr/sbin/conntrack"], "ends UDP flows to Pods that are gone"],
  ["nginx-light", ["/usr/sbin/nginx"], "lets HTTP in from outside, by Ingress and Gateway"],
  ["busybox-static", ["/usr/bin/busybox", "/bin/busybox"], "is what the first images are made of"],
  ["ca-certificates", ["/etc/ssl/certs/ca-certificates.crt"], "lets registries be trusted"]
]

/** What only the tests need: the other runtimes and networks that there are adapters for. */
export const forTests = [
  ["podman", ["/usr/bin/podman"], "is one of the container runtimes that are tested"],
  ["docker.io", ["/usr/sbin/dockerd", "/usr/bin/dockerd"], "is another"],
  ["conmon", ["/usr/bin/conmon"], "watches the containers of Podman and CRI-O"],
  ["crun", ["/usr/bin/crun"], "starts processes in runc's place"],
  ["docker-registry", ["/usr/bin/docker-registry"], "is the registry that wants a login"],
  ["skopeo", ["/usr/bin/skopeo"], "brings images to CRI-O"],
  ["openvswitch-switch", ["/usr/sbin/ovs-vswitchd"], "is one of the networks that are tested"],
  ["ethtool", ["/usr/sbin/ethtool", "/sbin/ethtool"], "tells its links what it cannot do"],
  ["iptables", ["/usr/sbin/iptables-restore"], "leads Services to their Pods in nftables' place"],
  ["libseccomp-dev", ["/usr/include/seccomp.h"], "CRI-O is built with it"],
  ["pkg-config", ["/usr/bin/pkg-config"], "finds it"],
  ["gcc", ["/usr/bin/gcc"], "CRI-O is built with it"],
  ["make", ["/usr/bin/make"], "CRI-O is built with it"],
  ["libc6-dev", ["/usr/include/stdio.h"], "CRI-O is built with it"]
]

const isRoot = () => process.getuid?.() === 0
const hasApt = () => existsSync("/usr/bin/apt-get")

export const npmPackages = () => {
  const lock = join(root, "package-lock.json")
  const marker = join(root, "node_modules", ".keelson-lock")
  const wanted = readFileSync(lock, "utf8")
  if (existsSync(node) && existsSync(marker) && readFileSync(marker, "utf8") === wanted) return
  if (lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink())
    fail(
      "node_modules is a link to a folder that others use, and not as package-lock.json wants it: remove the link, or install there"
    )
  say("installing the npm packages of package-lock.json")
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2]
  })
  if (status !== 0) fail("npm ci failed: is the npm registry reachable?")
  if (!existsSync(node)) fail("the npm package `node` brought no Node.js for this machine: install Node.js 24 or newer")
  writeFileSync(marker, wanted)
}

/** While packages come, nothing starts: whoever needs a daemon runs one of its own. */
const quietly = (install) => {
  const policy = "/usr/sbin/policy-rc.d"
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  try {
    return install()
  } finally {
    if (isOurs) rmSync(policy, { force: true })
  }
}

/** What is missing is said, with why; what cannot be installed is left out. */
export const debianPackages = (more = []) => {
  const missing = [...debian, ...more].filter(([, files]) => !files.some((file) => existsSync(file)))
  if (missing.length === 0) return
  const list = missing.map(([name, , why]) => `  ${name}: ${why}`).join("\n")
  if (!isRoot() || !hasApt()) {
    say(`these packages are not there, and what needs them is left out; without a runtime nodes are hollow:\n${list}`)
    return
  }
  say(`adding Debian packages:\n${list}`)
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const names = missing.map(([name]) => name)
  const command = ["install", "-y", "-qq", "--no-install-recommends", ...names]
  const install = () => quietly(() => spawnSync("apt-get", command, { env, stdio: ["ignore", "ignore", 2] }).status)
  // The lists of a fresh machine are empty or old; where they are not, the update is not needed.
  if (install() === 0) return
  spawnSync("apt-get", ["update", "-qq"], { env, stdio: ["ignore", "ignore", 2] })
  if (install() !== 0) fail(`apt-get could not install ${names.join(", ")}`)
}

const newest = (files) => Math.max(...files.map((file) => statSync(join(root, file)).mtimeMs))

/** Bundles the program when its sources are newer than the bundle: what users run starts without a compiler. */
export const bundle = () => {
  const sources = execFileSync(
    node,
    [
      "-e",
      `
    const { globSync } = require("node:fs")
    console.log(JSON.stringify(globSync("{bin,kernel,plugins,adapters,conformance}/**/*.{ts,mjs,json}", { cwd: ${JSON.stringify(root)} })))
  `
    ],
    { encoding: "utf8" }
  )
  const stamp = String(newest([...JSON.parse(sources), "package-lock.json"]))
  const marker = join(root, "dist", ".stamp")
  if (existsSync(marker) && readFileSync(marker, "utf8") === stamp) return
  const { status } = spawnSync(node, [join(root, "bin", "bundle.mjs")], { cwd: root, stdio: ["ignore", 2, 2] })
  if (status !== 0) fail("the program could not be bundled")
  writeFileSync(marker, stamp)
}
