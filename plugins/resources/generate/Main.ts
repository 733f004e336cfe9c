/** `npm run generate`: writes what `Generate.ts` makes of the description into `contracts/`. */
import { readFileSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { generate } from "./Generate.ts"

const description = JSON.parse(readFileSync(new URL("../description/kubernetes-1.36.json", import.meta.url), "utf8"))
const root = new URL("../contracts/", import.meta.url).pathname
for (const [file, text] of generate(description)) {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}
