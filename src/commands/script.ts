import { Command } from './command.js'

/** A run of a script: as EVALSHA, and as EVAL where the text must travel. */
export abstract class ScriptCommand extends Command {
  abstract asEval(): Command
}
