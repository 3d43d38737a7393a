/** How urgent a response is (RFC 9218 §4). */
export interface Priority {
  /** 0 to 7, the least first. */
  urgency: number
  /** Whether it is of use in part, so that it may share with others of its urgency. */
  isIncremental: boolean
}

/** What goes without saying (RFC 9218 §4.1, §4.2): browsers leave it out, as of scripts. */
export const DEFAULT: Priority = { urgency: 3, isIncremental: false }

/**
 * What holds for one who never said anything: the default, but shared with others. Who says nothing at all may well
 * not know of priorities, and one large response would hold up all behind it.
 */
export const UNSAID: Priority = { urgency: 3, isIncremental: true }

/** Whoever says more than this means no priority, and each comma of it would be looked at. */
const SAID_LENGTH_MAX = 256

/**
 * Reads a `priority` field, a dictionary of structured fields (RFC 9218 §5). What is unknown, out of range or
 * no dictionary is passed over, as it asks for; of what is said twice the last counts.
 */
export function priorityIn(value: string): Priority {
  return read(value, DEFAULT)
}

/** What a response says of its priority goes before what was asked for, each parameter for itself (§8). */
export function overridden(asked: Priority, said: string | undefined): Priority {
  return said === undefined ? asked : read(said, asked)
}

/** @param unsaid what holds for what isn't said */
function read(value: string, unsaid: Priority): Priority {
  if (value.length > SAID_LENGTH_MAX) return unsaid
  let { urgency, isIncremental } = unsaid
  for (const member of value.split(',')) {
    const [said = ''] = member.split(';', 1)
    switch (said.trim()) {
      case 'i':
      case 'i=?1':
        isIncremental = true
        break
      case 'i=?0':
        isIncremental = false
        break
      default: {
        const digit = /^[\t ]*u=([0-7])[\t ]*$/.exec(said)?.[1]
        if (digit !== undefined) urgency = Number(digit)
      }
    }
  }
  return { urgency, isIncremental }
}
