/** What is wrong with a definition of custom resources, and with a change of one. */
export { changes as validateUpdate, problems as validate } from "../../custom-resources/contracts/Definitions.ts"
