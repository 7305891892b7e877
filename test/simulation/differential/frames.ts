/** Parses replies into trees of lines, independently of the client and of the model. */

export interface Frame {
  /** `+ - : $ * % ~ > _ , # = (` */
  readonly sign: string
  /** The text of the line or of the bulk string; `null` for null. */
  readonly text: string
  readonly items: readonly Frame[]
}

/** Collects bytes and returns complete frames. */
export class Frames {
  #text = ''
  readonly #whole: Frame[] = []

  add(bytes: Buffer): void {
    this.#text += bytes.toString('latin1')
    for (;;) {
      const read = frameAt(this.#text, 0)
      if (read === undefined) return
      this.#whole.push(read.frame)
      this.#text = this.#text.slice(read.end)
    }
  }

  get count(): number {
    return this.#whole.length
  }

  /** The text of an incomplete frame. */
  get rest(): string {
    return this.#text
  }

  take(): Frame | undefined {
    return this.#whole.shift()
  }
}

function frameAt(text: string, at: number): { frame: Frame; end: number } | undefined {
  const lineEnd = text.indexOf('\r\n', at)
  if (lineEnd < 0) return undefined
  const sign = text[at]!
  const line = text.slice(at + 1, lineEnd)
  let end = lineEnd + 2
  if (sign === '$' || sign === '=') {
    const length = Number(line)
    if (length < 0) return { frame: { sign, text: 'null', items: [] }, end }
    if (text.length < end + length + 2) return undefined
    return { frame: { sign, text: text.slice(end, end + length), items: [] }, end: end + length + 2 }
  }
  if (!'*%~>'.includes(sign)) return { frame: { sign, text: line, items: [] }, end }
  const count = Number(line)
  if (count < 0) return { frame: { sign, text: 'null', items: [] }, end }
  const items: Frame[] = []
  for (let i = 0; i < (sign === '%' ? count * 2 : count); i++) {
    const read = frameAt(text, end)
    if (read === undefined) return undefined
    items.push(read.frame)
    end = read.end
  }
  return { frame: { sign, text: '', items }, end }
}

/** Returns a frame as one line, to compare it and to print it. */
export function shown({ sign, text, items }: Frame): string {
  if ('*%~>'.includes(sign) && text === '') return `${sign}[${items.map(shown).join(' ')}]`
  return `${sign}${JSON.stringify(text)}`
}
