/** An extender, as a program in Go would be one: it answers over HTTP, and remembers what it was asked. */
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Pod } from "../../plugins/resources/contracts/core/v1.ts"

export interface Asked {
  readonly verb: string
  readonly args: {
    readonly Pod?: { readonly metadata: { readonly name: string } }
    readonly Nodes?: { readonly items: ReadonlyArray<{ readonly metadata: { readonly name: string } }> } | null
    readonly NodeNames?: ReadonlyArray<string> | null
    readonly NodeNameToVictims?: { readonly [node: string]: { readonly Pods: ReadonlyArray<Pod> } } | null
    readonly PodName?: string
    readonly Node?: string
  }
}
export type Answers = (asked: Asked) => unknown

/** Its address, and what it was asked, until the scope closes. Without an answer it says 500. */
export const extender = Effect.fnUntraced(function* (answers: Answers) {
  const asked: Array<Asked> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const one = { verb: request.url ?? "", args: JSON.parse(Buffer.concat(chunks).toString()) }
      asked.push(one)
      const answer = answers(one)
      response.writeHead(answer === undefined ? 500 : 200).end(JSON.stringify(answer ?? {}))
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
  // Listening on TCP, it has an address of this kind.
  const { port } = server.address() as AddressInfo
  return { urlPrefix: `http://127.0.0.1:${port}/scheduler/`, asked }
})
