/**
 * Puts the modules that tsc emitted into one file, each in a function of its own. Loading a hundred files took twice as long
 * as loading one (docs/decisions/one-file.md); declarations stay where they are.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

// In two words, or what reads this file takes the line for its own.
const MAPPING = ['sourceMapping', 'URL'].join('')
/** Modules that most programs never touch: loaded at the first use of what they export. */
const LAZY = [
  'connection/node/blocking-command.js',
  'client/session-engine.js',
  'client/monitor.js',
  'client/transaction-retry.js',
  'client/pipeline.js',
  'client/scan.js',
  'client/transaction.js',
  'cluster/redis-cluster.js',
  'commands/modules/bloom.js',
  'commands/modules/count-min.js',
  'commands/modules/cuckoo.js',
  'commands/modules/json.js',
  'commands/modules/search.js',
  'commands/modules/t-digest.js',
  'commands/modules/time-series.js',
  'commands/modules/top-k.js',
  'connection/pool/pool.js',
  'lock/lock.js',
  'pubsub/keyspace.js',
  'pubsub/registry.js',
  'pubsub/subscriber.js',
  'pubsub/subscription.js',
]

const HEAD = "'use strict'\nconst modules = {\n"
const WHEN_CALLED = ['function (exports, $load) {', '}']
/** A function in parentheses is compiled as it is read, and not scanned first: right for what is called soon after. */
const AT_ONCE = [`(${WHEN_CALLED[0]}`, '})']
const LOADER = `}
const loaded = {}
/** The exports of a module by its path from here. */
module.exports = function load(id) {
  if (loaded[id] !== undefined) return loaded[id]
  const exports = (loaded[id] = {})
  const folder = id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : ''
  const run = modules[id] ?? require('./late.js')[id]
  run(exports, name => load(resolve(folder, name)))
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
`

/**
 * Replaces every module in `dist` by two files, what is loaded at once and what is loaded late, and each of `entries` by a
 * door to them.
 */
export function bundle(dist, entries) {
  const files = readdirSync(dist, { recursive: true }).filter(file => file.endsWith('.js'))
  const modules = new Map()
  for (const file of files.map(file => file.split(path.sep).join('/')).sort()) {
    const map = mapOf(dist, file)
    const code = take(path.join(dist, file)).replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n')
    modules.set(file, { map, code: lazily(file, withoutComments(code)) })
  }
  const early = reached(modules, entries[0])
  write(
    dist,
    'modules',
    [...modules].filter(([file]) => early.has(file)),
    LOADER,
    AT_ONCE,
  )
  write(
    dist,
    'late',
    [...modules].filter(([file]) => !early.has(file)),
    '}\nmodule.exports = modules\n',
    WHEN_CALLED,
  )
  for (const entry of entries) {
    writeFileSync(
      path.join(dist, `${entry}.js`),
      `'use strict'\nmodule.exports = require('./modules.js')('${entry}.js')\n`,
    )
  }
}

/** The modules that loading `entry` loads. */
function reached(modules, entry) {
  const found = new Set()
  const visit = file => {
    if (found.has(file)) return
    found.add(file)
    for (const [, target] of modules.get(file).code.matchAll(/^(?:(?:const|var) \w+ = )?require\("(\.[^"]+)"\);$/gm)) {
      visit(path.posix.join(path.posix.dirname(file), target))
    }
  }
  visit(`${entry}.js`)
  return found
}

function write(dist, name, modules, tail, [begin, end]) {
  let text = HEAD
  const sections = []
  for (const [file, { code, map }] of modules) {
    text += `${JSON.stringify(file)}: ${begin}\n`
    sections.push({ offset: { line: lines(text), column: 0 }, map })
    text += `${ascii(ownLoads(code))}${end},\n`
  }
  writeFileSync(path.join(dist, `${name}.js`), `${text}${tail}//# ${MAPPING}=${name}.js.map\n`)
  writeFileSync(path.join(dist, `${name}.js.map`), JSON.stringify({ version: 3, sections }))
}

/** Modules of our own go through the loader; others stay as they are, so that bundlers see what is required. */
function ownLoads(code) {
  return code.replaceAll(/\brequire\(("\.[^"]+")\)/g, '$$load($1)')
}

/** One character beyond Latin-1 would have V8 keep and scan the whole file at two bytes a character. */
function ascii(code) {
  return code.replace(/[^\0-\x7f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Documentation stands in the declarations; here it would only be read. Lines stay where they are, for the maps. */
function withoutComments(code) {
  return code.replace(/^ *\/\*\*[\s\S]*?\*\/$/gm, comment => '\n'.repeat(lines(comment)))
}

/** Turns what a module imports from lazy ones into calls: `const x = require(…)` into `const x = () => require(…)`, `x.y` into `x().y`. */
function lazily(file, code) {
  let text = code
  for (const [line, name, target] of code.matchAll(/^(?:const|var) (\w+) = require\("(\.[^"]+)"\);$/gm)) {
    if (!LAZY.includes(path.posix.join(path.posix.dirname(file), target))) continue
    text = text
      .replace(line, `const ${name} = () => require("${target}");`)
      .replaceAll(new RegExp(`\\bnew ${name}\\.(\\w+)`, 'g'), `new (${name}().$1)`)
      .replaceAll(new RegExp(`\\b${name}\\.`, 'g'), `${name}().`)
  }
  return text
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
