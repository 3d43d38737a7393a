/** A number as ClickHouse's `round(value, digits)` gives it: what lies in the middle becomes the even neighbour. */
export function roundedAsInSql(value: number, digits: number): number {
  const scaled = value * 10 ** digits
  const below = Math.floor(scaled)
  const over = scaled - below
  const isUp = over > 0.5 || (over === 0.5 && below % 2 !== 0)
  return (isUp ? below + 1 : below) / 10 ** digits
}
