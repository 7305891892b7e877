/** The scripts of a server, and their twins: a twin is the JavaScript version of a script, found by the script's text. */
import { createHash } from 'node:crypto'

/** A Lua value: nil is null, and a table with `ok` or `err` is a status or an error. */
export type LuaValue = string | number | boolean | null | LuaTable | readonly LuaValue[]
export interface LuaTable {
  readonly ok?: string
  readonly err?: string
}

export interface Lua {
  readonly KEYS: readonly string[]
  readonly ARGV: readonly string[]
  /** Throws the error of a command. */
  call(...args: readonly (string | number)[]): LuaValue
  /** Returns the error of a command as a table. */
  pcall(...args: readonly (string | number)[]): LuaValue
}

export type Twin = (lua: Lua) => LuaValue | undefined

const TWINS = new Map<string, Twin>()

/** Registers the twin of a script for all model servers. */
export function registerTwin(lua: string, twin: Twin): void {
  TWINS.set(sha1(lua), twin)
}

export function twinOf(sha: string): Twin | undefined {
  return TWINS.get(sha)
}

export class Scripts {
  readonly #known = new Set<string>()

  /** Stores a script. Returns its hash. */
  load(lua: string): string {
    const sha = sha1(lua)
    this.#known.add(sha)
    return sha
  }

  has(sha: string): boolean {
    return this.#known.has(sha)
  }

  clear(): void {
    this.#known.clear()
  }
}

export function sha1(lua: string): string {
  return createHash('sha1').update(lua, 'latin1').digest('hex')
}
