/** What a person pastes at the prompt, who cannot or will not let the browser call back. */

import { stripVTControlCharacters } from 'node:util'
import { type Decision, type Foreign, readRedirect } from './redirect.ts'

/** Not an answer to this attempt, and what to tell the person; nothing of the text is repeated. */
export interface NotAccepted {
  readonly type: 'not-accepted'
  readonly message: string
}

/** The longest text that is looked at: the address is under a kilobyte. */
const LONGEST = 8192

const HINT =
  'Paste the whole address that the browser shows at the end, http://localhost:…/auth/callback?code=…&state=….'

const MESSAGES: Readonly<Record<Foreign['reason'], string>> = {
  'other-state': `That belongs to another attempt to sign in. ${HINT}`,
  'no-state': `That lacks the part that tells which attempt it belongs to. ${HINT}`,
  'no-code': `That is not the address that the sign-in ends at. ${HINT}`,
}

/** Where the first parameter that counts begins. */
const FIRST_PARAMETER = /(?:^|[?#&])((?:code|state|error|error_description|scope)=[^#]*)/

/**
 * Reads the redirected address, with any host or only its query, or the code and the state with
 * `#` or blanks between them. The state has to be there and to be right.
 */
export function readPasted(text: string, state: string): Decision | NotAccepted {
  const query = text.length > LONGEST ? undefined : queryOf(clean(text))
  if (query === undefined) {
    return { type: 'not-accepted', message: `That is not understood. ${HINT}` }
  }
  const answer = readRedirect(query, state)
  if (answer.type !== 'foreign') return answer
  return { type: 'not-accepted', message: MESSAGES[answer.reason] }
}

/** Takes off what a terminal (bracketed paste) or a person (quotes) puts round it. */
function clean(text: string): string {
  return stripVTControlCharacters(text)
    .trim()
    .replace(/^['"`<]+|['"`>]+$/g, '')
}

function queryOf(text: string): URLSearchParams | undefined {
  const parameters = FIRST_PARAMETER.exec(text)?.[1]
  // An address that was wrapped in a mail or a terminal has line ends in it.
  if (parameters !== undefined) return new URLSearchParams(parameters.replace(/\s+/g, ''))
  const [code, state, ...rest] = text.split(/[#\s]+/)
  if (!code || !state || rest.length > 0 || code.includes('/')) return undefined
  return new URLSearchParams({ code, state })
}
