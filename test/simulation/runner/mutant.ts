/** Reads and applies the patches of the mutants. Every line of a hunk must match, at a place that may have moved up or down. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Mutant {
  readonly name: string
  /** The text above the diff. Its first line is what the client does wrong; then the promise, and what a user would see. */
  readonly words: string
  /** The names of the rules of the oracle that may find it. */
  readonly expects: readonly string[]
  /** The reason why the simulation does not find it. */
  readonly missed: string | undefined
  readonly files: readonly FileDiff[]
}

interface FileDiff {
  readonly file: string
  readonly hunks: readonly Hunk[]
}

interface Hunk {
  /** The index of its first line in the old file, if nothing has moved. */
  readonly at: number
  readonly before: readonly string[]
  readonly after: readonly string[]
}

const FIELD = /^(expects|missed): *(.*)$/
const FILE = /^--- a\/(\S+)/
const HUNK = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/

export function readMutants(folder: string): Mutant[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.patch'))
  return names
    .sort()
    .map(name => readMutant(name.slice(0, -'.patch'.length), readFileSync(path.join(folder, name), 'utf8')))
}

function readMutant(name: string, text: string): Mutant {
  const lines = text.replace(/\n$/, '').split('\n')
  const begin = lines.findIndex(line => FILE.test(line))
  if (begin === -1) throw new Error(`Mutant ${name}: no line begins with "--- a/".`)
  const head = lines.slice(0, begin)
  const field = (wanted: string) => head.map(line => FIELD.exec(line)).find(match => match?.[1] === wanted)?.[2]
  const words = head
    .filter(line => !FIELD.test(line))
    .join('\n')
    .trim()
  const expects =
    field('expects')
      ?.split(/[\s,]+/)
      .filter(Boolean) ?? []
  if (words === '') throw new Error(`Mutant ${name}: no words above the diff say what it breaks.`)
  if (expects.length === 0) throw new Error(`Mutant ${name}: no line "expects: <rules>" above the diff.`)
  return { name, words, expects, missed: field('missed'), files: readFiles(name, lines.slice(begin)) }
}

function readFiles(name: string, lines: readonly string[]): FileDiff[] {
  const files: { file: string; hunks: { at: number; before: string[]; after: string[] }[] }[] = []
  for (const line of lines) {
    const [, file] = FILE.exec(line) ?? []
    const [, at] = HUNK.exec(line) ?? []
    const hunk = files.at(-1)?.hunks.at(-1)
    if (file !== undefined) files.push({ file, hunks: [] })
    else if (line.startsWith('+++ ') || line.startsWith('diff ') || line.startsWith('index ')) continue
    else if (at !== undefined) files.at(-1)?.hunks.push({ at: Number(at) - 1, before: [], after: [] })
    else if (hunk === undefined || !/^[ +-]|^$/.test(line))
      throw new Error(`Mutant ${name}: not a line of a diff: ${line}`)
    else {
      if (!line.startsWith('+')) hunk.before.push(line.slice(1))
      if (!line.startsWith('-')) hunk.after.push(line.slice(1))
    }
  }
  return files
}

/** Returns the patched text of a file. Throws if a hunk does not match. */
export function patched(mutant: Mutant, { file, hunks }: FileDiff, text: string): string {
  const lines = text.split('\n')
  let shift = 0
  for (const { at, before, after } of hunks) {
    const place = nearest(lines, before, at + shift)
    if (place === undefined)
      throw new Error(`Mutant ${mutant.name} does not apply to ${file} near line ${at + 1}: rebase it by hand.`)
    lines.splice(place, before.length, ...after)
    shift = place - at + after.length - before.length
  }
  return lines.join('\n')
}

/** Returns the place of `wanted` in `lines` that is nearest to `at`. */
function nearest(lines: readonly string[], wanted: readonly string[], at: number): number | undefined {
  const isAt = (place: number) => wanted.every((line, i) => lines[place + i] === line)
  let best: number | undefined
  for (let place = 0; place <= lines.length - wanted.length; place++) {
    if (isAt(place) && (best === undefined || Math.abs(place - at) < Math.abs(best - at))) best = place
  }
  return best
}
