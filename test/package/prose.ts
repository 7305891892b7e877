import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SyntaxKind } from 'typescript/unstable/ast'
import { createScanner } from 'typescript/unstable/ast/scanner'
import { root } from './sources.js'

/** A text for readers: a comment, a string of several words, or a page. Code in backquotes is blanked out. */
export interface Prose {
  /** `src/client/redis.ts` */
  readonly file: string
  /** The line on which the text begins. */
  readonly line: number
  readonly text: string
}

/** The list of the words itself. */
const DICTIONARY = 'test/package/words.test.ts'

const CODE = /\.[cm]?[jt]s$/
const READABLE = /\.([cm]?[jt]s|md|sh)$/

/** The prose of these files and folders, each a path from the root of the repository. */
export function readProse(places: readonly string[]): Prose[] {
  return places.flatMap(filesOf).flatMap(file => {
    const text = readFileSync(path.join(root, file), 'utf8')
    return CODE.test(file) ? proseOfCode(file, text) : proseOfPage(file, text)
  })
}

function filesOf(place: string): string[] {
  if (READABLE.test(place)) return [place]
  return readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })
    .map(file => `${place}/${file.split(path.sep).join('/')}`)
    .filter(file => READABLE.test(file) && !file.includes('/node_modules/') && file !== DICTIONARY)
    .sort()
}

const blanked = (text: string): string => text.replace(/[^\n]/g, ' ')

/** The text of a page without its code and the targets of its links, then the prose of its TypeScript blocks. */
export function proseOfPage(file: string, page: string): Prose[] {
  const blocks = [...page.matchAll(/^```ts.*\n([\s\S]*?)^```$/gm)].flatMap(({ 1: code = '', index }) => {
    const before = page.slice(0, index).split('\n').length
    return proseOfCode(file, code).map(({ line, text }) => ({ file, line: line + before, text }))
  })
  const text = page.replace(/^```[\s\S]*?^```$|`[^`\n]*`|\]\([^)\s]*\)/gm, blanked)
  return [{ file, line: 1, text }, ...blocks]
}

/** Comments and strings. Line comments without anything between them are one text. */
export function proseOfCode(file: string, code: string): Prose[] {
  const found: Prose[] = []
  let line = 1
  let counted = 0
  let lineCommentEnd = -1
  for (const { kind, start, end } of tokensOf(code)) {
    const isLine = kind === SyntaxKind.SingleLineCommentTrivia
    const isComment = isLine || kind === SyntaxKind.MultiLineCommentTrivia
    const token = code.slice(start, end)
    if (!isComment && !(TEXTS.has(kind) && token.includes(' '))) continue
    line += lineBreaks(code, counted, start)
    counted = start
    const last = found.at(-1)
    if (isLine && last && lineCommentEnd >= 0 && code.slice(lineCommentEnd, start).trim() === '') {
      found[found.length - 1] = { ...last, text: `${last.text}\n${withoutMarks(token)}` }
    } else found.push({ file, line, text: isComment ? withoutMarks(token) : token.replace(QUOTES, blanked) })
    lineCommentEnd = isLine ? end : -1
  }
  return found
}

function lineBreaks(code: string, from: number, to: number): number {
  let count = 0
  for (let at = code.indexOf('\n', from); at >= 0 && at < to; at = code.indexOf('\n', at + 1)) count++
  return count
}

/** A comment without its slashes and stars, and without code in backquotes. */
function withoutMarks(comment: string): string {
  return comment.replace(/^\/\*+|\*\/$|^\/\/|^[ \t]*\*|`[^`\n]*`/gm, blanked)
}

const QUOTES = /^[`'"}]|[`'"]$|\$\{$/g

const TEXTS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
])

const TRIVIA: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.SingleLineCommentTrivia,
  SyntaxKind.MultiLineCommentTrivia,
  SyntaxKind.WhitespaceTrivia,
  SyntaxKind.NewLineTrivia,
])

/** A slash after one of these divides; elsewhere it begins a regular expression. */
const VALUE_ENDS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.ThisKeyword,
])

interface Token {
  readonly kind: SyntaxKind
  readonly start: number
  readonly end: number
}

/** Decides for the scanner, as a parser would, whether a slash divides and which brace ends the expression of a template. */
function* tokensOf(code: string): Generator<Token> {
  const scanner = createScanner(false, undefined, code)
  /** For each open template, the number of open braces in its current expression. */
  const templates: number[] = []
  let before: SyntaxKind | undefined
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    const innermost = templates.length - 1
    if (kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken) {
      if (before === undefined || !VALUE_ENDS.has(before)) kind = scanner.reScanSlashToken()
    } else if (kind === SyntaxKind.TemplateHead) templates.push(0)
    else if (kind === SyntaxKind.OpenBraceToken && innermost >= 0) templates[innermost]!++
    else if (kind === SyntaxKind.CloseBraceToken && innermost >= 0 && --templates[innermost]! < 0) {
      kind = scanner.reScanTemplateToken(false)
      if (kind === SyntaxKind.TemplateTail) templates.pop()
      else templates[innermost] = 0
    }
    yield { kind, start: scanner.getTokenStart(), end: scanner.getTokenEnd() }
    if (!TRIVIA.has(kind)) before = kind
  }
}
