/** Questions for a name at a steady rate, each asked once, until its input ends; then it prints what became of them. */
import { Resolver } from "node:dns/promises"

const [server = "", name = "", perSecond = "50"] = process.argv.slice(2)
const began = performance.now()
const failed = []
const versions = {}
let sent = 0
let open = 0
let ending = false

const finish = () => {
  if (!ending || open > 0) return
  console.log(JSON.stringify({ sent, failed, versions, seconds: (performance.now() - began) / 1000 }))
  process.exit(0)
}

const ask = async () => {
  const at = ((performance.now() - began) / 1000).toFixed(2)
  sent++
  open++
  try {
    // A resolver of its own: a question from a port of its own.
    const resolver = new Resolver({ timeout: 5000, tries: 1 })
    resolver.setServers([server])
    const [address] = await resolver.resolve4(name)
    versions[address] = (versions[address] ?? 0) + 1
  } catch (error) {
    failed.push(`${at} s: ${error.message}`)
  }
  open--
  finish()
}

const timer = setInterval(ask, 1000 / Number(perSecond))
process.stdin.resume().on("end", () => {
  clearInterval(timer)
  ending = true
  finish()
})
