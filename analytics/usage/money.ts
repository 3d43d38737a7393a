/**
 * Money is whole billionths of the currency's unit ("nanos", 1.25 → 1_250_000_000n): no sum and no product of it is
 * ever a binary fraction.
 */
export type Nanos = bigint

const NANO_DIGITS = 9
const NANOS = 10n ** BigInt(NANO_DIGITS)

/** Up to 999,999,999, with up to nine decimals. */
export const DECIMAL = /^(0|[1-9]\d{0,8})(\.\d{1,9})?$/

/** @param decimal as `DECIMAL` has it */
export function nanosOf(decimal: string): Nanos {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole) * NANOS + BigInt(fraction.padEnd(NANO_DIGITS, '0'))
}

/** With nine decimals, as `1.250000000`. */
export function exactText(nanos: Nanos): string {
  return `${nanos / NANOS}.${String(nanos % NANOS).padStart(NANO_DIGITS, '0')}`
}

/** Rounded half up to a currency's decimals, as `1.25`. @param decimals 0 to 9 */
export function roundedText(nanos: Nanos, decimals: number): string {
  const step = 10n ** BigInt(NANO_DIGITS - decimals)
  const [whole = '', fraction = ''] = exactText(dividedHalfUp(nanos, step) * step).split('.')
  return decimals === 0 ? whole : `${whole}.${fraction.slice(0, decimals)}`
}

/** Decimals in which a currency is paid (ISO 4217), at most nine. */
export function decimalsOf(currency: string): number {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.resolvedOptions().maximumFractionDigits ?? 2
}

/** Both must not be negative. */
export function dividedHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend * 2n + divisor) / (divisor * 2n)
}

export function lesserOf(one: bigint, other: bigint): bigint {
  if (one < other) return one
  return other
}

/**
 * Cuts a whole into parts by weights, so that the parts add up to it: each gets its share rounded down, and what is
 * left goes one by one to those with the largest remainders, of equal ones to the first. Nothing for no weights.
 */
export function shared(whole: bigint, weights: readonly bigint[]): bigint[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0n)
  if (all === 0n) return weights.map(() => 0n)
  const parts = weights.map((weight) => (whole * weight) / all)
  const left = Number(whole - parts.reduce((sum, part) => sum + part, 0n))
  const remainder = (index: number) => (whole * (weights[index] ?? 0n)) % all
  const byRemainder = [...weights.keys()].sort((a, b) =>
    remainder(b) === remainder(a) ? a - b : remainder(b) > remainder(a) ? 1 : -1,
  )
  for (const index of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0n) + 1n
  return parts
}
