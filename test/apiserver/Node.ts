/** A machine that speaks the kubelet's API: it logs lines and echoes what is typed. */
import { Effect } from "effect"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { WebSocketServer } from "ws"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Requests from "../../plugins/certificates/contracts/Requests.ts"
import type { Cluster } from "./Cluster.ts"

const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

/** Until the scope closes. `asked`: the paths of what was asked of it. */
export const start = Effect.fnUntraced(function* ({ admin, ca }: Cluster) {
  const pair = yield* Pki.issue(ca, Requests.kubeletServing("n1", ["127.0.0.1"]))
  const asked: Array<string> = []
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((one) => offered.has(one)) ?? false
  })
  sockets.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      // Input comes back as output; half-closed input is the end of the command.
      if (data[0] === 0) socket.send(Buffer.concat([Buffer.from([1]), data.subarray(1)]))
      else {
        socket.send(Buffer.concat([Buffer.from([3]), Buffer.from('{"status":"Success"}')]))
        socket.close(1000)
      }
    })
  })
  const port = yield* Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer(
        { ...pair, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
        (request, response) => {
          asked.push(request.url ?? "")
          if (request.url?.includes("/broken") === true)
            response.writeHead(400).end('container "broken" is waiting to start')
          else response.write("one\n", () => setImmediate(() => response.end("two\n")))
        }
      )
      server.on("upgrade", (request, socket, head) => {
        asked.push(request.url ?? "")
        if (request.url?.includes("/broken") === true)
          socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 19\r\n\r\ncontainer not found")
        else if (request.headers.upgrade === "SPDY/3.1") {
          // What it is does not matter to who passes it on: every byte comes back.
          const [protocol] = String(request.headers["x-stream-protocol-version"]).split(",")
          const lines = ["HTTP/1.1 101 Switching Protocols", "connection: upgrade", "upgrade: SPDY/3.1"]
          socket.write(`${[...lines, `x-stream-protocol-version: ${protocol}`].join("\r\n")}\r\n\r\nhello `)
          socket.pipe(socket)
        } else sockets.handleUpgrade(request, socket, head, (open) => sockets.emit("connection", open))
      })
      // A server that listens on a port has an address of this form, hence the cast.
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({ port: (server.address() as AddressInfo).port, close: () => server.close() }))
      )
    }),
    ({ close }) => Effect.sync(close)
  )
  const status = {
    addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: port.port } }
  }
  yield* admin.ask("/api/v1/nodes", { method: "POST", body: { metadata: { name: "n1" } } })
  const type = "application/merge-patch+json"
  yield* admin.ask("/api/v1/nodes/n1/status", { method: "PATCH", type, body: { status } })
  const pod = (name: string, nodeName: string | undefined, ...containers: ReadonlyArray<string>) =>
    admin.ask("/api/v1/namespaces/default/pods", {
      method: "POST",
      body: {
        metadata: { name },
        spec: { nodeName, containers: containers.map((container) => ({ name: container, image: "i" })) }
      }
    })
  yield* pod("p", "n1", "c")
  yield* pod("two", "n1", "c", "broken")
  yield* pod("nowhere", undefined, "c")
  return { asked }
})
