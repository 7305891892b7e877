/** Rules that every file of commands keeps, checked on its text. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allSpecs } from '../../src/commands/core/spec.js'
import '../../src/commands/client-internal.js'
import { Commands } from '../../src/commands/commands.js'

const folder = `${__dirname}/../../src/commands/`
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
const files = new Map(names.map(name => [name, readFileSync(folder + name, 'utf8')]))
// `run` and `call` are no commands.
const BASES = ['core/context.ts', 'commands.ts']

/** Pages that describe a command. */
const PAGE = /\[[A-Z][A-Z0-9 ._-]*\]\(https:\/\/(?:redis\.io|valkey\.io)\/commands\/[a-z0-9._-]+\/?\)/

/** The files of groups: those with a class of methods that run commands. */
const groups = [...files].filter(
  ([name, text]) =>
    !BASES.includes(name) &&
    /^export (?:abstract )?class \w+<C extends Context> extends (?:Runner|Namespace)<C>/m.test(text),
)

/** The specs of a text: `const GET = read('GET', …`. */
function specsOf(text: string): { constant: string; exported: boolean; name: string }[] {
  const found = text.matchAll(/^(export )?const (\w+)(?:: Spec)? = (?:read|write|keyless)\(\s*'([^']+)'/gm)
  return [...found].map(([, exported, constant = '', name = '']) => ({
    constant,
    exported: exported !== undefined,
    name,
  }))
}

interface Method {
  name: string
  docs: string
}

/** The methods of the classes of a text; overloads count once, with the docs of the first. */
function methodsOf(text: string): Method[] {
  const found = new Map<string, Method>()
  for (const [body] of text.matchAll(/^export (?:abstract )?class .*?^}/gms)) {
    for (const [, docs = '', name = ''] of body.matchAll(/^( {2}\/\*\*(?:(?!\*\/).)*\*\/\n)?^ {2}(\w+)[<(]/gms)) {
      if (!found.has(name)) found.set(name, { name, docs })
    }
  }
  found.delete('constructor')
  return [...found.values()]
}

describe('the files of commands', () => {
  it('are found', () => {
    expect(groups.length).toBeGreaterThan(20)
    expect(groups.flatMap(([, text]) => methodsOf(text)).length).toBeGreaterThan(300)
  })

  it.each([...files])('%s has at most 450 lines', (_, text) => {
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(450)
  })

  it.each(groups)('%s uses or exports each of its specs', (_, text) => {
    const unused = specsOf(text).filter(({ constant, exported }) => !exported && !isUsed(constant, text))
    expect(unused.map(({ name }) => name)).toEqual([])
  })

  it.each(groups)('%s links a page for each method', (_, text) => {
    const without = methodsOf(text).filter(({ docs }) => !PAGE.test(docs))
    expect(without.map(({ name }) => name)).toEqual([])
  })
})

describe('the namespaces', () => {
  it.each(groups.filter(([, text]) => /extends Namespace<C>/.test(text)))(
    '%s says since when it is there',
    (_, text) => {
      expect(text).toMatch(/@since \d[\d.]*\n \*\/\nexport class /)
    },
  )
})

/** Given to a Command, or to a helper that makes one. */
function isUsed(constant: string, text: string): boolean {
  return [...text.matchAll(new RegExp(`\\b${constant}\\b`, 'g'))].length > 1
}

describe('the specs', () => {
  it('belong to a method, or are refused by call, or are said by the client itself', () => {
    const texts = [...files.values()]
    const exported = texts.flatMap(specsOf).filter(each => each.exported)
    const local = texts.flatMap(text => specsOf(text).filter(each => !each.exported && isUsed(each.constant, text)))
    const served = new Set([...exported, ...local].map(({ name }) => name))
    // Those of other tests, which may share this process, are called TEST.
    const specs = [...allSpecs().values()].filter(({ name }) => !name.startsWith('TEST '))
    const alone = specs.filter(spec => !served.has(spec.name) && spec.reserved?.session !== false)
    expect(alone.map(({ name }) => name)).toEqual([])
  })

  it('say what to do instead where they are refused', () => {
    const reserved = [...allSpecs().values()].filter(spec => spec.reserved !== undefined)
    expect(reserved.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'SUBSCRIBE',
        'MONITOR',
        'CLIENT REPLY',
        'CLIENT TRACKING',
        'SYNC',
        'PSYNC',
        'REPLCONF',
        'RESET',
        'QUIT',
        'HELLO',
        'AUTH',
        'SELECT',
        'MULTI',
        'EXEC',
        'DISCARD',
        'WATCH',
        'UNWATCH',
      ]),
    )
    const forSessions = reserved.filter(spec => spec.reserved?.session === true).map(({ name }) => name)
    expect(forSessions.sort()).toEqual(['SELECT', 'UNWATCH', 'WAIT', 'WAITAOF', 'WATCH'])
    for (const { reserved: rule } of reserved) expect(rule?.instead).toMatch(/^\S.*[^.]$/)
  })
})

describe('the merged class', () => {
  it('has every method of every group', () => {
    const missing = groups
      .filter(([, text]) => !/extends Namespace<C>/.test(text))
      .flatMap(([file, text]) => methodsOf(text).map(({ name }) => `${file} ${name}`))
      .filter(method => !Object.hasOwn(Commands.prototype, method.split(' ')[1] ?? ''))
    expect(missing).toEqual([])
  })
})
