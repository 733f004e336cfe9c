/** The images of the tests, made of the machine's busybox: no registry is asked. */
import { existsSync } from "node:fs"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"

/** The same web server in two versions. It says its host name and its version, and ends at once when it is asked to. */
export const web = (version: 1 | 2) => `kt.test/web:${version}`
/** A system to run commands in; alone it waits. */
export const tools = "kt.test/tools:1"

const busybox = () => {
  const path = ["/bin/busybox", "/usr/bin/busybox"].find((each) => existsSync(each) && ImageArchive.isStatic(each))
  if (path === undefined) throw new Error("there is no static busybox")
  return ImageArchive.busybox(path)
}

const serve = (version: number) =>
  `echo "$(hostname) v${version}" > /www/index.html; echo "serving v${version}"; trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait`

export const archives = () => [
  ...([1, 2] as const).map((version) =>
    ImageArchive.make({ name: web(version), files: busybox(), entrypoint: ["/bin/sh", "-c", serve(version)], ports: [8080] })
  ),
  ImageArchive.make({ name: tools, files: busybox(), command: ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"] })
]
