import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './sources.js'

/**
 * A ```ts block of a page as a module of its own. The module has all imports of its page, and `redis` and `cluster`, so that
 * a page does not repeat them in each block. A ```ts run block is also run. A comment `<!-- check … -->` after it has statements
 * that check its results with `assert`; readers of the page do not see them.
 */
export interface Block {
  readonly page: string
  /** The line of the page on which the code begins. */
  readonly line: number
  readonly run: boolean
  /** One line of imports, then the lines of the block as they are on the page, then those of its check. */
  readonly module: string
}

/** The pages in a folder of the repository and in the folders inside it. */
export function pagesIn(folder: string): string[] {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
  return files
    .filter(file => file.endsWith('.md'))
    .map(file => `${folder}/${file}`)
    .sort()
}

export function readPages(): Block[] {
  return ['README.md', ...pagesIn('docs')].flatMap(page => parsePage(page, readFileSync(path.join(root, page), 'utf8')))
}

const BLOCK = /^```ts( run)?\n([\s\S]*?)^```$(?:\n\n<!-- check\n([\s\S]*?)^-->$)?/gm
const IMPORT = /^import \{([^}]*)\} from '([^']+)'$/gm

const ASSERT = "import assert from 'node:assert/strict'; "

export function parsePage(page: string, text: string): Block[] {
  const imports = new Map<string, Set<string>>()
  const blocks = [...text.matchAll(BLOCK)].map(({ 1: run, 2: code = '', 3: check, index }) => {
    for (const [, names = '', from = ''] of code.matchAll(IMPORT)) {
      const known = imports.get(from) ?? new Set()
      for (const name of names.split(',')) if (name.trim()) known.add(name.trim())
      imports.set(from, known)
    }
    const line = text.slice(0, index).split('\n').length + 1
    // Line breaks stay, so that the compiler's line numbers fit the page.
    const bare = code.replace(IMPORT, lines => lines.replace(/[^\n]/g, ''))
    return { page, line, run: run !== undefined, check, code: check === undefined ? bare : `${bare}\n\n\n${check}` }
  })
  const head = [...imports].map(([from, names]) => `import { ${[...names].join(', ')} } from '${from}'`).join('; ')
  return blocks.map(({ check, code, ...block }) => ({
    ...block,
    module: `${head}; ${check === undefined ? '' : ASSERT}export {}\n${code}`,
  }))
}

/** The name of the file for a block's module. */
export const fileOf = ({ page, line }: Block): string => `${page.replace(/\W/g, '-')}-${line}.mts`

/** The errors of tsc, with page and line in place of file and line: `README.md:12: error TS…`. */
export function errorsOfPages(blocks: readonly Block[], output: string): string[] {
  const byFile = new Map(blocks.map(block => [fileOf(block), block]))
  return output.split('\n').flatMap(text => {
    const [, file = '', line, message] = /^(\S+)\((\d+),\d+\): (error .*)/.exec(text) ?? []
    const block = byFile.get(path.basename(file))
    if (block) return [`${block.page}:${block.line + Number(line) - 2}: ${message}`]
    return text.includes('error TS') ? [text] : []
  })
}
