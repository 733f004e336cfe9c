/** Flows of requests and their priorities: how they are shown, and what they may be. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, none, text } from "../Columns.ts"
import * as FlowValidation from "./FlowValidation.ts"
import * as LevelValidation from "./LevelValidation.ts"
import type { FlowSchema, PriorityLevelConfiguration } from "../contracts/flowcontrol/v1.ts"

export const flow: Strategy<FlowSchema> = {
  validate: FlowValidation.flow,
  columns: [
    text("PriorityLevel", "Its priority.", ({ spec }) => spec.priorityLevelConfiguration.name),
    text("MatchingPrecedence", "Which comes first.", ({ spec }) => `${spec.matchingPrecedence}`),
    text("DistinguisherMethod", "What tells its flows apart.", ({ spec }) => spec.distinguisherMethod?.type ?? none),
    age,
    text(
      "MissingPL",
      "Whether its priority is missing.",
      ({ status }) => status.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?"
    )
  ]
}

export const level: Strategy<PriorityLevelConfiguration> = {
  validate: LevelValidation.level,
  columns: [
    text("Type", "Whether it is limited.", ({ spec }) => spec.type),
    text("NominalConcurrencyShares", "Its share.", ({ spec }) => `${spec.limited?.nominalConcurrencyShares ?? none}`),
    text("Queues", "How many queues it has.", ({ spec }) => `${spec.limited?.limitResponse?.queuing?.queues ?? none}`),
    text(
      "HandSize",
      "How many of them a flow has.",
      ({ spec }) => `${spec.limited?.limitResponse?.queuing?.handSize ?? none}`
    ),
    text(
      "QueueLengthLimit",
      "How long they may be.",
      ({ spec }) => `${spec.limited?.limitResponse?.queuing?.queueLengthLimit ?? none}`
    )
  ]
}
