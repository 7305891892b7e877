import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root: string = path.join(__dirname, '../..')

/** A file of src. */
export interface Source {
  /** `connection/pool.ts` */
  readonly file: string
  /** `connection`, or '' for a file at the top of src. */
  readonly room: string
  readonly text: string
  /** The text with comments removed and strings emptied. */
  readonly bare: string
  readonly imports: readonly Import[]
}

export interface Import {
  /** A package (`denque`), a module of Node (`node:net`) or a file of src (`errors/errors.ts`). */
  readonly from: string
  /** A type import: the compiler erases it. */
  readonly typeOnly: boolean
  /** Written as `export … from`. */
  readonly exported: boolean
}

export function readSources(): Source[] {
  const folder = path.join(root, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  return files
    .map(file => parse(file.split(path.sep).join('/'), readFileSync(path.join(folder, file), 'utf8')))
    .sort(byFile)
}

const byFile = (a: Source, b: Source): number => (a.file < b.file ? -1 : 1)

const QUOTED_OR_COMMENT = /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
const STATIC_IMPORT = /^(import|export)\s+(type\s+)?(?:[^'";=()]*?\bfrom\s*)?'([^']+)'/gm
const DYNAMIC_IMPORT = /\b(?:import|require)\(\s*'([^']+)'\s*\)/g

/** Reads one source; `file` is its path from src. */
export function parse(file: string, text: string): Source {
  const room = file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
  const code = text.replace(QUOTED_OR_COMMENT, '$1')
  const bare = text.replace(QUOTED_OR_COMMENT, (_, quoted?: string) => (quoted ? "''" : ''))
  const resolve = (from: string): string =>
    from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from).replace(/\.js$/, '.ts') : from
  const imports: Import[] = []
  for (const [, word, type, from] of code.matchAll(STATIC_IMPORT)) {
    imports.push({ from: resolve(from!), typeOnly: type !== undefined, exported: word === 'export' })
  }
  for (const [, from] of code.matchAll(DYNAMIC_IMPORT)) {
    imports.push({ from: resolve(from!), typeOnly: false, exported: false })
  }
  return { file, room, text, bare, imports }
}
