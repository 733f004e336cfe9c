/**
 * A whole scheduler, as a cluster holds it: one of several that are there decides, for as long as it is told so again and again. Who is
 * replaced is told to rest first, so that two never decide at once; what a scheduler has to know it reads in the API.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Int, String: Text, Struct } = Schema

export class Scheduler extends Contract.make<Scheduler>()(
  "scheduler/Scheduler",
  {
    version: "1.0.0",
    laws: {
      "lead/places": "While it leads, a Pod that asks for it by its name gets a node.",
      "rest/quiet": "When it has come to rest, it gives no Pod a node.",
      "lead/again": "What came while it rested gets a node when it leads again.",
      "lead/ends": "Who is not told again to lead, rests when its time is over."
    }
  },
  Contract.method("describe", {
    doc: "The names by which Pods ask for it (`spec.schedulerName`).",
    success: Struct({ schedulerNames: List(Text) }),
    errors: []
  }),
  Contract.method("lead", {
    doc: "From now on it gives Pods nodes, for so long; told again in time, it goes on.",
    payload: { millis: Int },
    errors: []
  }),
  Contract.method("rest", {
    doc: "It decides about no more Pods. Done when nothing that it has begun is under way.",
    errors: []
  })
) {}
