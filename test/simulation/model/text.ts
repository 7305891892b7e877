/** Texts of the model are binary strings: one character is one byte. So comparing texts gives the same order as comparing bytes. */

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

export function textOf(bytes: Buffer): string {
  return bytes.toString('latin1')
}

/** Converts ASCII letters to lower case, as the server does. */
export function lower(text: string): string {
  return isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]/g, letter => letter.toLowerCase())
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

export function upper(text: string): string {
  return text.replace(/[a-z]/g, letter => letter.toUpperCase())
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Matches a glob pattern of the server: `*`, `?`, `[^a-z]`, and `\` before a literal character. */
export function matches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  while (p < pattern.length && t < text.length) {
    const symbol = pattern[p]
    if (symbol === '*') {
      while (pattern[p + 1] === '*') p++
      if (p + 1 === pattern.length) return true
      const rest = pattern.slice(p + 1)
      for (; t < text.length; t++) if (matches(rest, text.slice(t))) return true
      return false
    }
    if (symbol === '[') {
      const end = matchesClass(pattern, p + 1, text[t]!)
      if (end < 0) return false
      p = end
    } else if (symbol !== '?') {
      if (symbol === '\\' && p + 1 < pattern.length) p++
      if (pattern[p] !== text[t]) return false
    }
    p++
    t++
    if (t === text.length) while (pattern[p] === '*') p++
  }
  return p >= pattern.length && t === text.length
}

/** Returns the index of the closing `]`, or -1 if the class does not contain the character. */
function matchesClass(pattern: string, start: number, char: string): number {
  let p = start
  const not = pattern[p] === '^'
  if (not) p++
  let found = false
  for (; ; p++) {
    if (pattern[p] === '\\' && p + 1 < pattern.length) {
      p++
      if (pattern[p] === char) found = true
    } else if (pattern[p] === ']') break
    else if (p >= pattern.length) {
      p--
      break
    } else if (p + 2 < pattern.length && pattern[p + 1] === '-') {
      const [from, to] = [pattern[p]!, pattern[p + 2]!].sort()
      p += 2
      if (char >= from! && char <= to!) found = true
    } else if (pattern[p] === char) found = true
  }
  return found !== not ? p : -1
}

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/** Parses a 64-bit integer in canonical form; returns undefined for any other text. */
export function int64(text: string): bigint | undefined {
  if (text.length > 20 || !/^(?:0|-?[1-9]\d*)$/.test(text)) return undefined
  const value = BigInt(text)
  return inInt64(value) ? value : undefined
}

export function inInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX
}

/** Parses a double as `strtod` does; returns undefined for NaN and if the text is not a number as a whole. `plain`: not in hex. */
export function double(text: string, plain = false): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text)
  const [, sign] = /^([+-]?)inf(?:inity)?$/i.exec(text) ?? []
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity
  if (plain) return undefined
  return /^[+-]?0x[\da-f]+$/i.test(text) ? Number(text.replace(/^[+-]/, '')) * (text[0] === '-' ? -1 : 1) : undefined
}

/** Like `double()`, but an empty text is 0, and a number may follow blanks unless `plain` is true. */
export function looseDouble(text: string, plain: boolean): number | undefined {
  return text === '' ? 0 : double(plain ? text : text.trimStart(), plain)
}

/** Formats a number as `%.17g` does. */
export function seventeenDigits(value: number): string {
  if (value === Infinity) return 'inf'
  if (value === -Infinity) return '-inf'
  if (Number.isNaN(value)) return 'nan'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', exponent = '0'] = value.toExponential(16).split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 17) return trimmed(value.toFixed(Math.min(100, 16 - power)))
  return `${trimmed(digits)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}

/** Formats a number with the fewest digits that identify the double, in the notation of servers since 7.2. */
export function fewestDigits(value: number): string {
  if (!Number.isFinite(value)) return seventeenDigits(value)
  if (Object.is(value, -0)) return '-0'
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 52) return String(value)
  const sign = value < 0 ? '-' : ''
  const [digits = '', exponent = '0'] = Math.abs(value).toExponential().replace('.', '').split('e')
  // The value is the digits as an integer × 10^scale.
  const power = Number(exponent)
  const scale = power - digits.length + 1
  if (scale >= 0 && power < digits.length + 7) return sign + digits + '0'.repeat(scale)
  if (scale < 0 && (scale > -7 || Math.abs(power) < 4)) {
    const whole = digits.slice(0, scale)
    return power < 0 ? `${sign}0.${digits.padStart(-scale, '0')}` : `${sign}${whole}.${digits.slice(whole.length)}`
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  return `${sign}${digits[0]}${fraction}e${power < 0 ? '-' : '+'}${Math.abs(power)}`
}
