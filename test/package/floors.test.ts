import { describe, expect, it } from 'vitest'
import { type Import, parse, readSources, type Source } from './sources.js'

/** The rooms that a room of src may import from, besides itself. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  commands: ['errors'],
  connection: ['errors', 'commands'],
  pubsub: ['errors', 'commands', 'connection'],
  lock: ['errors', 'commands'],
  client: ['errors', 'commands', 'connection', 'pubsub', 'lock'],
  cluster: ['errors', 'commands', 'connection', 'pubsub', 'lock', 'client'],
  otel: ['errors', 'commands', 'connection', 'client', 'cluster'],
}

/** The floors inside a room: a folder imports from itself, from those below it and from the files of its room. */
const INNER_FLOORS: Readonly<Record<string, readonly string[]>> = {
  'commands/core': [],
  'commands/modules': ['commands/core'],
  'connection/resp': [],
  'connection/options': ['connection/resp'],
  'connection/call': ['connection/resp', 'connection/options'],
  'connection/socket': ['connection/resp', 'connection/options', 'connection/call'],
  'connection/link': ['connection/resp', 'connection/options', 'connection/call', 'connection/socket'],
  'connection/pool': ['connection/options', 'connection/call', 'connection/socket', 'connection/link'],
  'connection/node': ['connection/options', 'connection/call', 'connection/link', 'connection/pool'],
}

/** The doors: they alone export what others define, and nothing imports them. */
const DOORS = ['index.ts', 'internal.ts', 'otel.ts']

/** The files that may import each package, and each module that opens sockets. */
const ACQUAINTANCES: Readonly<Record<string, (source: Source) => boolean>> = {
  '@opentelemetry/api': ({ room }) => room === 'otel',
  denque: ({ room }) => room === 'connection' || room === 'pubsub',
  'generic-pool': ({ file }) => file === 'connection/pool/pool.ts',
  'cluster-key-slot': ({ file }) => file === 'cluster/slots.ts',
  'node:net': ({ file }) => file === 'connection/socket/dial.ts',
  'node:tls': ({ file }) => file === 'connection/socket/dial.ts',
}
/** The types of these modules may be imported anywhere: they are part of the options. */
const SOCKETS = ['node:net', 'node:tls']

/** Matches the type `any`; an option may have that name. */
const ANY = /([:<|&=]|\b(as|extends|is|keyof|readonly|satisfies))\s*any\b(?!\s*(\??:|\())|,\s*any\s*>/

/** Globals that a browser, or the fake clock of a test, may have replaced. */
const GLOBAL_TIMER =
  /(?<![.\w#]|function )(setTimeout|clearTimeout|setInterval|clearInterval|setImmediate|clearImmediate|queueMicrotask|performance|process\.nextTick|Date\.now)(?=\(|\.now|\.timeOrigin)/g

function importsTimer({ text }: Source, name: string): boolean {
  const [, names = ''] = /^import \{([^}]*)\} from '[./\w]*\/timers\.js'/m.exec(text) ?? []
  return names.split(',').some(each => each.trim() === name)
}

const EXPORTED = /^export (?:(?:declare|abstract|async) )*(?:class|function\*?|const|let|interface|type|enum) (\w+)/gm

const LONGEST = 450

const sources = readSources()
const isOurs = ({ from }: Import): boolean => from.endsWith('.ts')

function exportedClasses({ bare }: Source): string[] {
  return [...bare.matchAll(/^export class (\w+)/gm)].map(([, name]) => name!)
}

function offending(rule: (source: Source) => boolean): string[] {
  return sources.filter(rule).map(({ file }) => file)
}

function offendingImports(rule: (imported: Import, source: Source) => boolean): string[] {
  return sources.flatMap(source =>
    source.imports.filter(imported => rule(imported, source)).map(({ from }) => `${source.file} imports ${from}`),
  )
}

describe('floors', () => {
  it('every room is in the table', () => {
    const rooms = new Set(sources.map(({ room }) => room).filter(Boolean))
    expect([...rooms].filter(room => !(room in FLOORS))).toEqual([])
    expect(offending(({ file, room }) => room === '' && !DOORS.includes(file))).toEqual([])
  })

  it('a room imports only from itself and from the floors below it', () => {
    const allowed = ({ room }: Source): readonly string[] => [room, ...(FLOORS[room] ?? Object.keys(FLOORS))]
    expect(
      offendingImports(
        (imported, source) => isOurs(imported) && !allowed(source).includes(imported.from.split('/')[0]!),
      ),
    ).toEqual([])
  })

  it('a folder inside a room imports only from the folders below it', () => {
    const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/'))
    const folders = new Set(sources.map(({ file }) => folderOf(file)).filter(folder => folder.includes('/')))
    expect([...folders].filter(folder => !(folder in INNER_FLOORS))).toEqual([])
    expect(
      offendingImports((imported, { file }) => {
        const [from, to] = [folderOf(file), folderOf(imported.from)]
        if (!(from in INNER_FLOORS) || !(to in INNER_FLOORS) || from === to) return false
        return from.split('/')[0] === to.split('/')[0] && !INNER_FLOORS[from]!.includes(to)
      }),
    ).toEqual([])
  })

  it('every imported file exists', () => {
    const files = sources.map(({ file }) => file)
    expect(offendingImports(imported => isOurs(imported) && !files.includes(imported.from))).toEqual([])
  })

  it('no file is part of an import cycle', () => {
    expect(entangled(sources)).toEqual([])
  })

  it('no file imports the doors', () => {
    expect(offendingImports(({ from }) => DOORS.includes(from))).toEqual([])
  })

  it('only the doors re-export names from other files', () => {
    expect(
      offendingImports((imported, { file }) => imported.exported && isOurs(imported) && !DOORS.includes(file)),
    ).toEqual([])
  })

  it('an exported name is exported by one file only', () => {
    const owners = new Map<string, string[]>()
    for (const { file, bare } of sources.filter(({ file }) => !DOORS.includes(file)))
      for (const [, name] of bare.matchAll(EXPORTED)) owners.set(name!, [...(owners.get(name!) ?? []), file])
    const shared = [...owners].filter(([, files]) => new Set(files).size > 1)
    expect(shared.map(([name, files]) => `${name}: ${files.join(', ')}`)).toEqual([])
  })

  it('packages and sockets are imported only by the files that may import them', () => {
    const isForeign = (imported: Import): boolean => !isOurs(imported) && !imported.from.startsWith('node:')
    expect(
      offendingImports((imported, source) => {
        if (imported.typeOnly && SOCKETS.includes(imported.from)) return false
        const knows = ACQUAINTANCES[imported.from]
        return knows ? !knows(source) : isForeign(imported)
      }),
    ).toEqual([])
  })
})

describe('house rules', () => {
  it('src has no default exports', () => {
    expect(offending(({ bare }) => /^export default\b|\bas default\b/m.test(bare))).toEqual([])
  })

  it('src has no type any', () => {
    expect(offending(({ bare }) => ANY.test(bare))).toEqual([])
  })

  it('src has no comment that silences the compiler', () => {
    expect(offending(({ text }) => /@ts-(ignore|expect-error|nocheck)/.test(text))).toEqual([])
  })

  it('src has no Proxy', () => {
    expect(offending(({ bare }) => /\bProxy\b/.test(bare))).toEqual([])
  })

  it('private members of src are #private', () => {
    expect(offending(({ bare }) => /^\s*(private|protected)\s(?!constructor\()/m.test(bare))).toEqual([])
  })

  it('errors are created in the error file of their room, except the DataError of a check', () => {
    const classes = exportedClasses(sources.find(({ file }) => file === 'errors/errors.ts')!)
    const names = classes.filter(name => name !== 'DataError').join('|')
    const created = new RegExp(`new (${names})\\(`, 'g')
    const others = sources.filter(({ file }) => !/^errors\/|-errors\.ts$/.test(file))
    const found = others.flatMap(({ file, bare }) => [...bare.matchAll(created)].map(([, name]) => `${file}: ${name}`))
    expect(classes).toContain('RedisError')
    expect(found).toEqual([])
  })

  it('src has no TODO and nothing like it', () => {
    expect(offending(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))).toEqual([])
  })

  it('timers and the clock are imported from commands/core/timers.ts', () => {
    const taken = (source: Source): string[] =>
      [...source.bare.matchAll(GLOBAL_TIMER)].map(([, name]) => name!).filter(name => !importsTimer(source, name))
    const others = sources.filter(({ file }) => file !== 'commands/core/timers.ts')
    expect(others.flatMap(source => taken(source).map(name => `${source.file} uses the global ${name}`))).toEqual([])
  })

  it(`no file of src is over ${LONGEST} lines`, () => {
    const lines = (text: string): number => text.trimEnd().split('\n').length
    const long = sources.filter(({ text }) => lines(text) > LONGEST)
    expect(long.map(({ file, text }) => `${file}: ${lines(text)}`)).toEqual([])
  })
})

describe('the reader of sources', () => {
  const { imports, bare } = parse(
    'client/sample.ts',
    `
import { a } from '../errors/errors.js'
import type {
  B,
} from 'node:net'
import './side.js'
export { c } from './redis.js'
export const url = 'redis://host' // import { d } from 'denque'
/* import { e } from 'denque' */
const lazy = () => import('generic-pool')
`,
  )

  it('the reader of sources finds every kind of import, and none in comments', () => {
    expect(imports).toEqual([
      { from: 'errors/errors.ts', typeOnly: false, exported: false },
      { from: 'node:net', typeOnly: true, exported: false },
      { from: 'client/side.ts', typeOnly: false, exported: false },
      { from: 'client/redis.ts', typeOnly: false, exported: true },
      { from: 'generic-pool', typeOnly: false, exported: false },
    ])
    expect(bare).toContain("export const url = '' \n")
  })

  it('the pattern for any matches the type and not an option of that name', () => {
    const typed = [
      'let a: any = 1',
      'b as any',
      'Map<string, any>',
      'type C = any',
      '(d: any[]) => void',
      'string | any',
    ]
    expect(typed.filter(code => !ANY.test(code))).toEqual([])
    const named = [
      '{ readonly any?: boolean }',
      '{ any: true }',
      'const { count, any } = options',
      'options.any',
      'Promise.any([])',
    ]
    expect(named.filter(code => ANY.test(code))).toEqual([])
  })

  it('the reader of sources finds import cycles', () => {
    const a = parse('errors/a.ts', "import './b.js'")
    const b = parse('errors/b.ts', "import './c.js'")
    const c = parse('errors/c.ts', "import './a.js'")
    const d = parse('errors/d.ts', "import './a.js'")
    expect(entangled([a, b, c, d])).toEqual(['errors/a.ts, errors/b.ts, errors/c.ts'])
    expect(entangled([b, c, d])).toEqual([])
  })
})

/** The import cycles: groups of files that import each other, directly or through others. */
function entangled(all: readonly Source[]): string[] {
  const imports = new Map(all.map(source => [source.file, source.imports.map(({ from }) => from)]))
  const reach = (file: string, reached = new Set<string>()): Set<string> => {
    for (const next of imports.get(file) ?? []) if (!reached.has(next)) reach(next, reached.add(next))
    return reached
  }
  const reached = new Map(all.map(({ file }) => [file, reach(file)]))
  const groups = [...reached].map(([file, others]) => [...others].filter(other => reached.get(other)?.has(file)).sort())
  return [...new Set(groups.map(group => group.join(', ')))].filter(Boolean)
}
