/**
 * The inner entry point, for sister packages and tests: commands, their specs and the positions of their keys. It is
 * unstable: any release, also a patch, may change or remove an export.
 */
export { commandSpecs } from './commands/commands.js'
export { Command, keyIndexes } from './commands/core/command.js'
export { MapReply, type Reply, SetReply } from './commands/core/reply.js'
export { type Spec, specOf } from './commands/core/spec.js'
