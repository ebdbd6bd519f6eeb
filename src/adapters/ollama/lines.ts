/** The lines of one answer: all but the last tell a piece of it, the last tells how it went. */

import { type JsonString, quote } from '../../domain/events.ts'
import type { Clock } from '../../domain/ports.ts'
import { oneLine } from './ndjson.ts'
import type { Figures } from './timings.ts'

/** Where an endpoint has what the model says: the text behind `open`, then other keys, then `close`. */
export interface LineForm {
  readonly open: string
  readonly close: string
  /** Whether it tells calls: without tools of its own a client could not answer any. */
  readonly hasCalls: boolean
}

/** Lines of `/api/chat`. */
export const CHAT_FORM: LineForm = {
  open: '"message":{"role":"assistant","content":',
  close: '}',
  hasCalls: true,
}

/** Lines of `/api/generate`. */
export const GENERATE_FORM: LineForm = { open: '"response":', close: '', hasCalls: false }

/** What each line says of the answer. */
export interface AnswerFacts {
  /** The model as the client named it. */
  readonly asked: string
  /** The model as the upstream knows it. */
  readonly remoteModel: string
  /** Where it runs: an origin. */
  readonly remoteHost: string
}

/** What the last line says; what is left out has no key. */
export interface Ending {
  readonly reason: 'stop' | 'length' | 'content_filter' | 'load' | 'unload'
  /** Of answers that are not streamed. */
  readonly text?: JsonString
  /** Of answers that are not streamed. */
  readonly thinking?: JsonString | undefined
  /** Of answers that are not streamed; each as JSON. */
  readonly calls?: readonly string[]
  readonly figures?: Figures
  readonly context?: readonly number[] | undefined
}

/** Each method but the last returns a line that is not the last, with its end. */
export interface Lines extends Pick<LineForm, 'hasCalls'> {
  text(text: JsonString): string
  thinking(text: JsonString): string
  /** Takes a call as JSON. */
  call(call: string): string
  /** Returns the last line, without its end. */
  last(ending: Ending): string
}

const NOTHING = quote('')

/** Creates the lines; what all of them have in common is written once for each millisecond. */
export function createLines(
  { asked, remoteModel, remoteHost }: AnswerFacts,
  { open, close, hasCalls }: LineForm,
  clock: Pick<Clock, 'now'>,
): Lines {
  const facts = oneLine(
    `{"model":${quote(asked)},"remote_model":${quote(remoteModel)},"remote_host":${quote(remoteHost)},"created_at":"`,
  )
  const unfinished = `${close},"done":false}\n`
  let head = ''
  let headMadeAt: number | undefined

  function headNow(): string {
    const now = clock.now()
    if (now !== headMadeAt) {
      headMadeAt = now
      head = `${facts}${new Date(now).toISOString()}",${open}`
    }
    return head
  }

  return {
    hasCalls,
    text: text => headNow() + oneLine(text) + unfinished,
    thinking: text => `${headNow()}"","thinking":${oneLine(text)}${unfinished}`,
    call: call => `${headNow()}"","tool_calls":[${oneLine(call)}]${unfinished}`,
    last({ reason, text = NOTHING, thinking, calls = [], figures, context }) {
      const thoughts = thinking === undefined ? '' : `,"thinking":${oneLine(thinking)}`
      const called = calls.length === 0 ? '' : `,"tool_calls":[${calls.map(oneLine).join(',')}]`
      const rest = JSON.stringify({ done: true, done_reason: reason, context, ...figures })
      return `${headNow()}${oneLine(text)}${thoughts}${called}${close},${rest.slice(1)}`
    },
  }
}
