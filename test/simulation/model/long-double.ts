/** The 80-bit floats with which the server computes INCRBYFLOAT: mantissa × 2^exponent, with a mantissa of 64 bits. */

export interface LongDouble {
  readonly mantissa: bigint
  readonly exponent: number
}

const BITS = 64

function bitsOf(value: bigint): number {
  return value.toString(2).length
}

/** Returns numerator / denominator × 2^exponent, rounded to the nearest, ties to even. */
function rounded(numerator: bigint, denominator: bigint, exponent: number): LongDouble {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 }
  const negative = numerator < 0n
  let n = negative ? -numerator : numerator
  let e = exponent
  // Two bits more than the mantissa keeps, and a sticky bit.
  const shift = BITS + 2 - (bitsOf(n) - bitsOf(denominator))
  let d = denominator
  if (shift > 0) n <<= BigInt(shift)
  else d <<= BigInt(-shift)
  e -= shift
  let quotient = n / d
  const sticky = n % d !== 0n
  const extra = bitsOf(quotient) - BITS
  if (extra > 0) {
    const half = 1n << BigInt(extra - 1)
    const rest = quotient & ((1n << BigInt(extra)) - 1n)
    quotient >>= BigInt(extra)
    e += extra
    if (rest > half || (rest === half && (sticky || (quotient & 1n) === 1n))) quotient++
  }
  return { mantissa: negative ? -quotient : quotient, exponent: e }
}

/** Parses a finite decimal number; returns undefined for any other text. */
export function longDouble(text: string): LongDouble | undefined {
  const [, sign, whole = '', fraction = '', power = '0'] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const scale = Number(power) - fraction.length
  if (Math.abs(scale) > 5_000) return undefined
  const digits = BigInt(`0${whole}${fraction}`) * (sign === '-' ? -1n : 1n)
  return scale < 0 ? rounded(digits, 10n ** BigInt(-scale), 0) : rounded(digits * 10n ** BigInt(scale), 1n, 0)
}

export function sum(a: LongDouble, b: LongDouble): LongDouble {
  const exponent = Math.min(a.exponent, b.exponent)
  const lifted = ({ mantissa, exponent: own }: LongDouble) => mantissa << BigInt(own - exponent)
  return rounded(lifted(a) + lifted(b), 1n, exponent)
}

/** Returns `%.17Lf` without trailing zeros. */
export function formatted({ mantissa, exponent }: LongDouble): string {
  const places = 17
  const negative = mantissa < 0n
  let scaled = (negative ? -mantissa : mantissa) * 10n ** BigInt(places)
  if (exponent >= 0) scaled <<= BigInt(exponent)
  else {
    const divisor = 1n << BigInt(-exponent)
    const rest = scaled % divisor
    scaled /= divisor
    if (rest * 2n > divisor || (rest * 2n === divisor && (scaled & 1n) === 1n)) scaled++
  }
  const digits = scaled.toString().padStart(places + 1, '0')
  const text = `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '')
  return negative && text !== '0' ? `-${text}` : text
}
