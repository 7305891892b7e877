/** Rules that every file of commands must follow. They are checked on the text of the files. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allSpecs } from '../../src/commands/core/spec.js'
import '../../src/commands/client-internal.js'
import { Commands } from '../../src/commands/commands.js'

const folder = `${__dirname}/../../src/commands/`
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
const files = new Map(names.map(name => [name, readFileSync(folder + name, 'utf8')]))
// `run` and `call` do not belong to a command.
const BASES = ['core/context.ts', 'commands.ts']

/** The addresses of pages that describe a command. */
const PAGE = /\[[A-Z][A-Z0-9 ._-]*\]\(https:\/\/(?:redis\.io|valkey\.io)\/commands\/[a-z0-9._-]+\/?\)/

/** The files of groups: files that contain a class whose methods run commands. */
const groups = [...files].filter(
  ([name, text]) =>
    !BASES.includes(name) &&
    /^export (?:abstract )?class \w+<C extends Context> extends (?:Runner|Namespace)<C>/m.test(text),
)

/** The specs in a text: `const GET = read('GET', …`. */
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

/** The methods of the classes in a text. Overloads count once, with the docs of the first one. */
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

describe('files of commands', () => {
  it('the files of commands contain more than 20 groups and 300 methods', () => {
    expect(groups.length).toBeGreaterThan(20)
    expect(groups.flatMap(([, text]) => methodsOf(text)).length).toBeGreaterThan(300)
  })

  it.each([...files])('the file of commands %s has at most 450 lines', (_, text) => {
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(450)
  })

  it.each(groups)('the file of commands %s uses or exports each of its specs', (_, text) => {
    const unused = specsOf(text).filter(({ constant, exported }) => !exported && !isUsed(constant, text))
    expect(unused.map(({ name }) => name)).toEqual([])
  })

  it.each(groups)('the file of commands %s links a page for each method', (_, text) => {
    const without = methodsOf(text).filter(({ docs }) => !PAGE.test(docs))
    expect(without.map(({ name }) => name)).toEqual([])
  })
})

describe('namespaces of modules', () => {
  it.each(groups.filter(([, text]) => /extends Namespace<C>/.test(text)))(
    '%s says since when it is there',
    (_, text) => {
      expect(text).toMatch(/@since \d[\d.]*\n \*\/\nexport class /)
    },
  )
})

/** Whether the constant is passed to a Command, or to a helper that creates one. */
function isUsed(constant: string, text: string): boolean {
  return [...text.matchAll(new RegExp(`\\b${constant}\\b`, 'g'))].length > 1
}

describe('specs of all commands', () => {
  it('every spec has a method, is rejected by call(), or is used by the client itself', () => {
    const texts = [...files.values()]
    const exported = texts.flatMap(specsOf).filter(each => each.exported)
    const local = texts.flatMap(text => specsOf(text).filter(each => !each.exported && isUsed(each.constant, text)))
    const served = new Set([...exported, ...local].map(({ name }) => name))
    // Specs of other tests in the same process are named TEST.
    const specs = [...allSpecs().values()].filter(({ name }) => !name.startsWith('TEST '))
    const alone = specs.filter(spec => !served.has(spec.name) && spec.reserved?.session !== false)
    expect(alone.map(({ name }) => name)).toEqual([])
  })

  it('every spec that call() rejects names an alternative', () => {
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

describe('the merged class of commands', () => {
  it('the merged class has every method of every group', () => {
    const missing = groups
      .filter(([, text]) => !/extends Namespace<C>/.test(text))
      .flatMap(([file, text]) => methodsOf(text).map(({ name }) => `${file} ${name}`))
      .filter(method => !Object.hasOwn(Commands.prototype, method.split(' ')[1] ?? ''))
    expect(missing).toEqual([])
  })
})
