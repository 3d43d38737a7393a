/**
 * Does work at once as long as there is little of it, and else a few pieces at each turn of the loop, in the order
 * it came: when a thousand viewers leave in one moment, what that takes is nobody else's wait.
 *
 * @param perTurn how many pieces are done at a turn
 */
export function fewATurn(perTurn: number): (work: () => void) => void {
  const waiting: (() => void)[] = []
  let left = perTurn

  function turn(): void {
    left = perTurn
    while (left > 0 && waiting.length > 0) {
      left -= 1
      waiting.shift()?.()
    }
    if (left < perTurn) setImmediate(turn)
  }

  return (work) => {
    if (left === 0) {
      waiting.push(work)
      return
    }
    if (left === perTurn) setImmediate(turn)
    left -= 1
    work()
  }
}
