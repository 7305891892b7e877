/**
 * Builds dist (docs/decisions/build.md). Node gets a few CommonJS files, and each entry point has a wrapper that exports the same
 * objects to `import`, so that every class has one identity. Bundlers get one ES module per source. tsc emits the declarations.
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { esmExternalRequirePlugin } from 'rolldown/plugins'
import { root, run, tool } from './child.mjs'
import { lateModules } from './late.mjs'

const ENTRIES = ['index', 'internal', 'otel']

/**
 * Modules that most programs never use, grouped by the file that holds them; it is loaded at the first use of one of their
 * exports. They are named without their folders, and each name must match exactly one file of src.
 */
const LATE = {
  cluster: ['redis-cluster'],
  lock: ['lock'],
  messages: ['keyspace', 'subscription'],
  modules: ['bloom', 'count-min', 'cuckoo', 'json', 'search', 't-digest', 'time-series', 'top-k'],
  sessions: [
    'blocking-command',
    'monitor',
    'pipeline',
    'scan',
    'session-engine',
    'session-view',
    'transaction',
    'transaction-retry',
  ],
}

const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs', 'scripts/late.mjs']
const src = path.join(root, 'src')
const dist = path.join(root, 'dist')
const esm = path.join(dist, 'esm')

const { dependencies, peerDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const PACKAGES = Object.keys({ ...dependencies, ...peerDependencies })
const BUILTIN = /^node:/

/** The declarations and the sources carry the comments, and the package contains both. */
const OUTPUT = {
  sourcemap: true,
  sourcemapExcludeSources: true,
  comments: { annotation: true, jsdoc: false, legal: true },
}

/** Whether a source was changed, added or removed since dist was built. */
export function isStale() {
  const built = statSync(path.join(dist, `${ENTRIES.at(-1)}.d.mts`), { throwIfNoEntry: false })
  return !built || SOURCES.some(source => changedAt(path.join(root, source)) > built.mtimeMs)
}

function changedAt(file) {
  const info = statSync(file)
  if (!info.isDirectory()) return info.mtimeMs
  return Math.max(info.mtimeMs, ...readdirSync(file).map(name => changedAt(path.join(file, name))))
}

export async function build() {
  rmSync(dist, { recursive: true, force: true })
  await Promise.all([
    run([...tool('tsc', 'typescript'), '-p', 'tsconfig.build.json']),
    forNode(),
    forBundlers(),
    poolForBundlers(),
  ])
  for (const entry of ENTRIES) addDoors(entry)
}

async function forNode() {
  await bundle(
    {
      input: entries(),
      external: [BUILTIN, ...PACKAGES],
      plugins: [lateModules(src, LATE), asciiOnly],
    },
    {
      dir: dist,
      format: 'cjs',
      strict: true,
      // With const, V8 checks at each use whether the variable is set: GET costs 2 to 4 % more.
      topLevelVar: true,
      esModule: true,
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      // Jest has no import() in CommonJS.
      dynamicImportInCjs: false,
      codeSplitting: { groups: [{ name: 'core', minShareCount: 2 }] },
      ...OUTPUT,
    },
  )
}

/** One module per source: every bundler can leave out a whole module, and not every one can leave out a part of it. */
async function forBundlers() {
  await bundle(
    {
      input: entries(),
      platform: 'neutral',
      external: [BUILTIN, ...PACKAGES.filter(name => name !== POOL)],
      plugins: [
        { name: 'pool', resolveId: id => (id === POOL ? { id: path.join(esm, POOL_FILE), external: true } : null) },
      ],
    },
    {
      dir: esm,
      format: 'esm',
      preserveModules: true,
      preserveModulesRoot: src,
      entryFileNames: '[name].mjs',
      ...OUTPUT,
    },
  )
}

const POOL = 'generic-pool'
const POOL_FILE = `${POOL}.mjs`

/**
 * generic-pool is CommonJS and requires `events`, which throws in an ES module that esbuild bundled. So the ES modules get
 * a copy of it that is an ES module, too.
 */
async function poolForBundlers() {
  const [, license] = readFileSync(path.join(root, 'node_modules', POOL, 'README.md'), 'utf8').split('## License\n')
  if (license === undefined) throw new Error(`the README of ${POOL} has no license, which its copy must carry`)
  await bundle(
    {
      input: POOL,
      cwd: root,
      platform: 'neutral',
      resolve: { mainFields: ['main'] },
      plugins: [esmExternalRequirePlugin({ external: ['events'] })],
    },
    {
      file: path.join(esm, POOL_FILE),
      format: 'esm',
      banner: `/*! ${POOL}\n${license}*/`,
      comments: { legal: true, jsdoc: false },
    },
  )
}

const entries = () => Object.fromEntries(ENTRIES.map(entry => [entry, path.join(src, `${entry}.ts`)]))

async function bundle(input, output) {
  // Some files of src are imported only for their effect; none of them may be left out.
  const built = await rolldown({
    platform: 'node',
    treeshake: { moduleSideEffects: () => true },
    transform: { target: 'es2023' },
    checks: { bundlerTimings: false },
    ...input,
  })
  await built.write(output)
  await built.close()
}

/** With a single character beyond Latin-1, V8 stores and scans the whole file with two bytes per character. */
const asciiOnly = {
  name: 'ascii-only',
  renderChunk: code => ({
    code: code.replace(/[^\0-\x7f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
    // The lines stay the same, and columns differ only after such a character.
    map: null,
  }),
}

/** Writes the wrapper that exports `entry` to `import` in Node, and the declarations for both. */
function addDoors(entry) {
  const names = Object.keys(createRequire(import.meta.url)(path.join(dist, `${entry}.js`)))
  const list = names.map(name => `  ${name},\n`).join('')
  const write = (ending, text) => writeFileSync(path.join(dist, `${entry}${ending}`), text)
  write('.mjs', `import cjs from './${entry}.js'\n\nexport const {\n${list}} = cjs\n`)
  write('.d.ts', `export * from './types/${entry}.js'\n`)
  write('.d.mts', `export * from './${entry}.js'\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
