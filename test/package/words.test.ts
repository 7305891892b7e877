import { describe, expect, it } from 'vitest'
import { type Prose, proseOfCode, proseOfPage, readProse } from './prose.js'

/** All files and folders with text for readers. */
const READ = [
  'README.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  '.github',
  'vitest.config.mts',
  'bench',
  'docs',
  'scripts',
  'src',
  'test',
]

/** Words that this project once used in a private sense, each with the plain words for it. */
const WORDS: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\b(told|tells|telling)\b/gi, 'says, reports, notifies, distinguishes'],
  [/\b(hear|hears|heard)\b/gi, 'receives, is notified'],
  [/\bbehind\b/gi, 'after'],
  [/\bin\s+vain\b/gi, 'without success'],
  [/\bwhoever\b/gi, 'the noun: the caller, the holder'],
  [/\btroubles?\b/gi, 'an error, a failure'],
  [/\bgone\b/gi, 'closed, deleted, lost'],
  [/\b(look|looks|looked)\b(?!\s+(up|like|alike|for)\b)/gi, 'refreshes, reads'],
  [/\b(heed|heeds|heeded)\b/gi, 'watches, respects'],
  [/\bno\s+news\b/gi, 'ignored'],
  [/\bfor\s+dead\b/gi, 'flagged as failed, closed'],
  [/\bgo(es)?\s+again\b/gi, 'is sent again, is retried'],
  [/\babreast\b/gi, 'in sync'],
  [/\b(lend|lends|lent|borrow|borrows|borrowed|borrower)\b/gi, 'leases, leased, acquires, releases'],
  // Riddles: a pronoun begins the sentence, and the reader learns at its end what is meant. Questions may begin so.
  [/(^|[.;])[\s*|]*who\b(?![^.;:]*\?)/gi, 'the noun: the caller, the node'],
  [
    /(^|[.;])[\s*|]*what\s+(is|are|was|were|does|did|has|had|can|cannot|may|must|comes?|came|stays|waits|fails)\b(?![^.;:]*\?)/gi,
    'the noun: the reply, the command',
  ],
]

/** The plain senses of these words. */
const PLAIN_SENSES: readonly RegExp[] = [
  /\bbehind\s+(a|an|the|its|your)\s+([\w-]+\s+)?(proxy|firewall|balancer|NAT|back)\b/gi,
  /\b(falls?|fell|fallen|lags?|lagging|left|leaves?)\s+([\w']+\s+){0,8}behind\b/gi,
]

/** `src/client/redis.ts:47: told (says, …): the sentence` */
function dialectIn(all: readonly Prose[]): string[] {
  return all.flatMap(({ file, line, text }) => {
    const checked = PLAIN_SENSES.reduce((rest, plain) => rest.replace(plain, it => it.replace(/\S/g, ' ')), text)
    return WORDS.flatMap(([word, instead]) =>
      [...checked.matchAll(word)].map(({ 0: found, index }) => {
        const end = index + found.length
        const at = line + text.slice(0, end).split('\n').length - 1
        return `${file}:${at}: ${found.replace(/[\s*|.:;]+/g, ' ').trim()} (${instead}): ${sentenceAt(text, end)}`
      }),
    )
  })
}

function sentenceAt(text: string, index: number): string {
  const before = Math.max(...['. ', '\n\n', '|'].map(end => text.lastIndexOf(end, index))) + 1
  const [sentence = ''] = /^.*?(\.(?=\s)|\n\n|$)/s.exec(text.slice(before)) ?? []
  return sentence.replace(/\s+/g, ' ').trim()
}

describe('plain English', () => {
  it('comments, messages, test titles and pages use no word of the private dialect', { timeout: 60_000 }, () => {
    expect(dialectIn(readProse(READ))).toEqual([])
  })

  it('the checker names file, line, word and sentence, and accepts the plain senses', () => {
    const code = [
      'const told = 1',
      '// The caller is',
      '// told at once. It waits behind a proxy, and falls behind.',
      "const message = 'Nobody hears it.' + 'told'",
      '/** Who calls `told`? */',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template in a template, and a slash that divides
      'const text = `a ${told / `behind ${told}`.length} b` // what is lost',
    ]
    expect(dialectIn(proseOfCode('a.ts', code.join('\n')))).toEqual([
      'a.ts:3: told (says, reports, notifies, distinguishes): The caller is told at once.',
      'a.ts:4: hears (receives, is notified): Nobody hears it.',
      'a.ts:6: behind (after): behind',
      'a.ts:6: what is (the noun: the reply, the command): what is lost',
    ])
  })

  it('the checker reads pages without their code, and the comments in it', () => {
    const page = ['A `told` word.', '', '```ts', 'told() // in vain', '```', 'Nobody', 'hears.']
    expect(dialectIn(proseOfPage('a.md', page.join('\n')))).toEqual([
      'a.md:7: hears (receives, is notified): Nobody hears.',
      'a.md:4: in vain (without success): in vain',
    ])
  })
})
