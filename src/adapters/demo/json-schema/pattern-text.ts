/** Writes texts that a pattern matches. */

import type { Pattern } from './pattern.ts'

const MAX_STEPS = 20_000
/** How many repeats more than it must a part may have by choice. */
const MAX_MORE = 3

/** Takes one of so many options, counted from 0. */
export type Pick = (options: number) => number

/**
 * Writes a text for a pattern, grown towards `minLength` where a part may repeat.
 * `undefined` if there is none, or if it would be very long.
 */
export function writeMatch(
  pattern: Pattern,
  createPick: () => Pick,
  minLength: number,
): string | undefined {
  const shortest = write(pattern, createPick(), 0)
  if (shortest === undefined || shortest.length >= minLength) return shortest
  return write(pattern, createPick(), minLength - shortest.length)
}

function write(pattern: Pattern, pick: Pick, wanted: number): string | undefined {
  const groups = new Map<string, string>()
  let text = ''
  let steps = 0
  let missing = wanted
  return add(pattern) ? text : undefined

  function add(part: Pattern): boolean {
    steps++
    if (steps > MAX_STEPS) return false
    switch (part.type) {
      case 'character': {
        const { options } = part
        text += options[pick(options.length)] ?? ''
        return options.length > 0
      }
      case 'sequence':
        return part.parts.every(add)
      case 'choice': {
        const chosen = part.options[pick(part.options.length)]
        return chosen !== undefined && add(chosen)
      }
      case 'group': {
        const start = text.length
        const added = add(part.part)
        for (const name of part.names) groups.set(name, text.slice(start))
        return added
      }
      case 'reference':
        text += groups.get(part.name) ?? ''
        return true
      case 'repeat':
        return repeat(part)
    }
  }

  function repeat({ part, least, most }: Extract<Pattern, { type: 'repeat' }>): boolean {
    const count = least + pick(Math.min(most - least, MAX_MORE) + 1)
    for (let done = 0; done < count; done++) if (!add(part)) return false
    for (let done = count; done < most && missing > 0; done++) {
      const start = text.length
      const stillMissing = missing
      const added = add(part)
      // What grew inside has taken its share already, and would be counted twice.
      missing = stillMissing - (text.length - start)
      if (!added || text.length === start) return added
    }
    return true
  }
}
