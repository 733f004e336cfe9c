/**
 * The Leases by which nodes say that they are there. A day has millions of them, so they are in no log: whoever looks at Leases is
 * given these.
 */
import * as Errors from "../../../kernel/client/Errors.ts"
import { Table } from "../../../kernel/table/Table.ts"
import type { Lease } from "../../../plugins/resources/contracts/coordination/v1.ts"
import { microTime, time } from "../../../plugins/resources/contracts/Time.ts"

const namespace = "kube-node-lease"

export class Heartbeats {
  readonly table = new Table<Lease>(0)
  private revision = 0

  beat(node: string, now: number) {
    const resourceVersion = `${++this.revision}`
    const metadata = { namespace, name: node, uid: node, resourceVersion, creationTimestamp: time(now) }
    const object: Lease = { metadata, spec: { holderIdentity: node, renewTime: microTime(now) } }
    this.table.apply({ revision: this.revision, events: [{ _tag: "Applied", object }] })
  }
}

/** What is asked for Events, which nobody acts on: they are not written. */
export const untold = new Errors.MethodNotAllowed({ group: "", resource: "events", namespace: "", name: "", verb: "create" })
