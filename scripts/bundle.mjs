/**
 * Puts the modules that tsc emitted into one file, each in a function of its own. Loading a hundred files took twice as long
 * as loading one (docs/decisions/one-file.md); declarations stay where they are.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

// In two words, or what reads this file takes the line for its own.
const MAPPING = ['sourceMapping', 'URL'].join('')
const HEAD = '"use strict"\nconst modules = {\n'
const TAIL = `}
const loaded = {}
/** The exports of a module by its path from here. */
module.exports = function load(id) {
  if (loaded[id] !== undefined) return loaded[id]
  const exports = (loaded[id] = {})
  const folder = id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : ''
  modules[id](exports, name => (name.startsWith('.') ? load(resolve(folder, name)) : require(name)))
  return exports
}
function resolve(folder, name) {
  const steps = folder === '' ? [] : folder.split('/')
  for (const step of name.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.') steps.push(step)
  }
  return steps.join('/')
}
//# ${MAPPING}=modules.js.map
`

/** Replaces every module in `dist` by `modules.js`, and each of `entries` by a door to it. */
export function bundle(dist, entries) {
  const files = readdirSync(dist, { recursive: true }).filter(file => file.endsWith('.js'))
  let text = HEAD
  const sections = []
  for (const file of files.map(file => file.split(path.sep).join('/')).sort()) {
    const code = take(path.join(dist, file)).replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n')
    text += `${JSON.stringify(file)}(exports, require) {\n`
    sections.push({ offset: { line: lines(text), column: 0 }, map: mapOf(dist, file) })
    text += `${code}},\n`
  }
  writeFileSync(path.join(dist, 'modules.js'), text + TAIL)
  writeFileSync(path.join(dist, 'modules.js.map'), JSON.stringify({ version: 3, sections }))
  for (const entry of entries) {
    writeFileSync(
      path.join(dist, `${entry}.js`),
      `'use strict'\nmodule.exports = require('./modules.js')('${entry}.js')\n`,
    )
  }
}

/** The source map of a module, its sources named from `dist`. */
function mapOf(dist, file) {
  const map = JSON.parse(take(path.join(dist, `${file}.map`)))
  return { ...map, sources: map.sources.map(source => path.posix.join(path.posix.dirname(file), source)) }
}

function take(file) {
  const text = readFileSync(file, 'utf8')
  rmSync(file)
  return text
}

const lines = text => text.split('\n').length - 1
