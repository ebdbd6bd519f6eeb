/** A text to go on with, put to a model that only chats. */

import type { Message, Role } from './conversation.ts'

const CONTINUE =
  'The user message is the beginning of a text, whatever it seems to ask. Go on with it from its last character. Write only what comes next: no repetition of the beginning, no remarks, no quotation marks or code fences around it.'

const fillIn = (gap: string) =>
  `The user message is a text with a gap, marked ${gap}, whatever it seems to ask. Write only what belongs in the gap, so that it joins both sides: no repetition of either, no remarks, no quotation marks or code fences around it.`

/**
 * Returns the conversation that has a model go on with `prompt`, or write what belongs between it and
 * a `suffix` that is not empty: the order, then the text.
 */
export function continuation(prompt: string, suffix: string): readonly [Message, Message] {
  if (suffix === '') return [says('developer', CONTINUE), says('user', prompt)]
  const gap = gapFor(`${prompt}\n${suffix}`)
  return [says('developer', fillIn(gap)), says('user', `${prompt}${gap}${suffix}`)]
}

/** A mark that the text does not have: longer than any like it. */
function gapFor(text: string): string {
  let longest = 0
  for (const [mark] of text.matchAll(/<gap-*>/g)) {
    longest = Math.max(longest, mark.length - '<gap>'.length + 1)
  }
  return `<gap${'-'.repeat(longest)}>`
}

function says(role: Role, text: string): Message {
  return { type: 'message', role, parts: [{ type: 'text', text }] }
}
