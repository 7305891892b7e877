/** A rolldown plugin for CommonJS output: some modules are loaded at the first use of their exports, not at the start. */
import { readdirSync } from 'node:fs'
import path from 'node:path'

const STAND_IN = '\0stand-in:'
const CHUNK = '\0late:'
const VIRTUAL = /^\0(stand-in|late):/
/** The folder of the chunks, relative to the files that are loaded at the start. */
const FILES = './late/'

/**
 * `groups` lists the late modules of each chunk. A chunk also holds the modules that only its members import. Every importer of
 * a late module gets a stand-in for the group instead: a CommonJS module whose getters require the chunk.
 *
 *     lock() { return new Lock(…) }   →   lock() { return new standIn.Lock(…) }   →   require('./late/lock.js').Lock
 *
 * A bundler reads an export of a CommonJS module at each use and not at the import, so the chunk is not loaded earlier.
 */
export function lateModules(src, groups) {
  const files = filesByName(src)
  const members = Object.fromEntries(
    Object.entries(groups).map(([group, names]) => [group, names.map(name => fileOf(files, name))]),
  )
  const groupOf = new Map(Object.entries(members).flatMap(([group, ids]) => ids.map(id => [id, group])))

  return {
    name: 'late-modules',

    buildStart() {
      for (const group of Object.keys(members))
        this.emitFile({ type: 'chunk', id: CHUNK + group, name: `late/${group}` })
    },

    resolveId: {
      filter: { id: importsOf(groups) },
      async handler(source, importer) {
        if (source.startsWith(CHUNK)) return source
        if (source.startsWith(FILES)) return { id: source, external: true }
        if (importer === undefined || importer.startsWith(CHUNK)) return null
        const resolved = await this.resolve(source, importer, { skipSelf: true })
        const group = groupOf.get(resolved?.id)
        return group === undefined || groupOf.get(importer) === group ? resolved : STAND_IN + group
      },
    },

    load: {
      filter: { id: VIRTUAL },
      async handler(id) {
        const group = id.slice(id.indexOf(':') + 1)
        if (id.startsWith(CHUNK)) return members[group].map(file => `export * from ${JSON.stringify(file)}\n`).join('')
        const infos = await Promise.all(members[group].map(file => this.load({ id: file })))
        const names = infos.flatMap(info => info.exports)
        const getters = names.map(name => `  get ${name}() { return load().${name} },\n`).join('')
        return `let loaded\nconst load = () => (loaded ??= require('${FILES}${group}.js'))\nmodule.exports = {\n${getters}}\n`
      },
    },

    generateBundle(_, output) {
      for (const { name, moduleIds } of Object.values(output).filter(({ type }) => type === 'chunk')) {
        const standIn = this.getModuleInfo(STAND_IN + name.replace('late/', ''))
        const caught = standIn?.importers.filter(id => moduleIds.includes(id)) ?? []
        if (caught.length > 0)
          throw new Error(`${name} would load itself through ${caught}: add these files to its group`)
      }
    },
  }
}

/** Matches the imports that may be of a late module, and the names that this plugin makes. */
function importsOf(groups) {
  const names = Object.values(groups).flat().join('|')
  return new RegExp(`^\\0late:|^\\./late/|/(${names})\\.js$`)
}

function filesByName(src) {
  const files = new Map()
  for (const file of readdirSync(src, { recursive: true })) {
    const name = path.basename(file, '.ts')
    files.set(name, [...(files.get(name) ?? []), path.join(src, file)])
  }
  return files
}

function fileOf(files, name) {
  const found = files.get(name)?.filter(file => file.endsWith('.ts')) ?? []
  if (found.length !== 1)
    throw new Error(`The name '${name}' of a late module must match one file of src, but ${found.length} files match`)
  return found[0]
}
