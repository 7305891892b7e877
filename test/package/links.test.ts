import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { pagesIn } from './pages.js'
import { root } from './sources.js'

/** Where the public host shows the files of this repository. A link to it is checked in the checkout. */
const { repository } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  repository: { url: string }
}
const HOST = repository.url.replace(/^git\+|\.git$/g, '')
const FILES = `${HOST}/blob/main/`

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', ...pagesIn('docs')]

/** The text of a page without its blocks of code, where brackets are no links and # begins no heading. */
const proseOf = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '')

const linksOf = (text: string): string[] =>
  [
    ...proseOf(text)
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, to = '']) => to)

/** The anchors of the headings of a page, as the public host makes them. */
function anchorsOf(text: string): Set<string> {
  const titles = [...proseOf(text).matchAll(/^#{1,6} (.*)$/gm)].map(([, title = '']) => title)
  return new Set(
    titles.map(title =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  )
}

/** Why a link of `page` leads nowhere; undefined for one that leads somewhere, or to another host. */
function faultOf(page: string, link: string): string | undefined {
  if (link.startsWith('mailto:')) return undefined
  const own = link.startsWith(FILES)
  if (/^https?:/.test(link) && !own) return undefined
  const [file = '', anchor] = (own ? link.slice(FILES.length) : link).split('#')
  const target = file === '' ? path.join(root, page) : path.join(root, own ? '' : path.dirname(page), file)
  if (!existsSync(target)) return `${page}: ${link} leads to no file`
  if (anchor === undefined || statSync(target).isDirectory()) return undefined
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? undefined : `${page}: ${link} leads to no heading`
}

describe('links of the pages', () => {
  const read = (page: string) => readFileSync(path.join(root, page), 'utf8')

  test('every link within the repository leads to a file and a heading', () => {
    const faults = PAGES.flatMap(page => linksOf(read(page)).map(link => faultOf(page, link)))
    expect(faults.filter(fault => fault !== undefined)).toEqual([])
  })

  test('a wrong file and a wrong heading are reported', () => {
    expect(faultOf('docs/README.md', 'nowhere.md')).toBe('docs/README.md: nowhere.md leads to no file')
    expect(faultOf('README.md', `${FILES}docs/locks.md#nothing`)).toMatch(/leads to no heading$/)
    expect(faultOf('docs/README.md', '../README.md#why')).toBeUndefined()
  })

  test('the README has no relative links, which lead nowhere on the page of a registry', () => {
    expect(linksOf(read('README.md')).filter(link => !/^(https:|#)/.test(link))).toEqual([])
  })

  test('links to other hosts use https; they are listed, not followed', () => {
    const foreign = [...new Set(PAGES.flatMap(page => linksOf(read(page))))].filter(
      link => /^\w+:/.test(link) && !link.startsWith(HOST),
    )
    console.info(`links to other hosts:\n${foreign.sort().join('\n')}`)
    expect(foreign.filter(link => !link.startsWith('https://') && !link.startsWith('mailto:'))).toEqual([])
  })
})
