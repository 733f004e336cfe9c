/** Requests to a URL at a steady rate, each by a new connection, until its input ends; then it prints what became of them. */
import { Agent, get } from "node:http"

const [url = "", perSecond = "50"] = process.argv.slice(2)
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

const ask = () => {
  const at = ((performance.now() - began) / 1000).toFixed(2)
  let done = false
  const end = (failure) => {
    if (done) return
    done = true
    open--
    if (failure !== undefined) failed.push(`${at} s: ${failure}`)
    finish()
  }
  sent++
  open++
  const call = get(url, { agent: new Agent({ keepAlive: false }), timeout: 5000 }, (response) => {
    let text = ""
    response.setEncoding("utf8").on("data", (chunk) => (text += chunk))
    response.on("end", () => {
      const version = text.trim().split(" ").at(-1)
      versions[version] = (versions[version] ?? 0) + 1
      end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`)
    })
    response.on("error", (error) => end(error.message))
  })
  call.on("timeout", () => call.destroy(new Error("no answer within 5 seconds")))
  call.on("error", (error) => end(error.message))
}

// What a busy machine delays is made up for, so that the rate is what it says.
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - began) / 1000) * Number(perSecond))
  while (sent < due) ask()
}, 5)
process.stdin.resume().on("end", () => {
  clearInterval(timer)
  ending = true
  finish()
})
