/** Calls as Ollama's clients take them: whole, each with an object for arguments. */

import { ProxyError } from '../../domain/errors.ts'
import { type FinishReason, type ModelEvent, quote, unquote } from '../../domain/events.ts'
import { asObject, parseJson } from '../../domain/json.ts'
import { createLiteralRun } from '../../domain/literal-run.ts'
import { plainText } from '../../domain/plain-text.ts'

/** Most characters that the arguments of one answer may have: they wait in memory. */
const MAX_ARGUMENTS_LENGTH = 64 * 1024 * 1024

/** Longest name of a tool that is told in an error. */
const MAX_NAME_LENGTH = 64

type Beginning = Extract<ModelEvent, { type: 'tool-call' }>
type Piece = Extract<ModelEvent, { type: 'tool-arguments' }>

/** A call of the model; its arguments are its JSON text. */
interface Call {
  readonly callId: string
  readonly name: string
  readonly arguments: string
}

/** The calls of a streamed answer. What can be told is returned as JSON, in its order. */
export interface Calls {
  /** Takes the beginning of a call, which is the end of the one before. */
  begin(call: Beginning): readonly string[]
  /** @throws ProxyError `upstream_response_too_large`. */
  pass(piece: Piece): void
  /** Takes the end of the answer. Throws as {@link encodeCalls}. */
  finish(reason: FinishReason): readonly string[]
}

/**
 * Creates the record of one answer's calls. One without an object holds up those behind it: only the
 * end tells whether it was cut.
 */
export function createCalls(): Calls {
  let latest: Beginning | undefined
  const pieces = createLiteralRun()
  let length = 0
  let waiting: Call[] = []
  let toldCount = 0

  function endLatest(): void {
    if (latest !== undefined) waiting.push({ ...latest, arguments: unquote(pieces.take()) })
    latest = undefined
  }

  return {
    begin(call) {
      endLatest()
      latest = call
      const firstHeldUp = waiting.findIndex(({ arguments: text }) => !isObjectText(text))
      const told = firstHeldUp === -1 ? waiting : waiting.slice(0, firstHeldUp)
      waiting = waiting.slice(told.length)
      toldCount += told.length
      return told.map((each, i) => encodeCall(each, toldCount - told.length + i))
    },
    pass({ text }) {
      length += text.length
      if (length > MAX_ARGUMENTS_LENGTH) throw tooLarge()
      pieces.push(text)
    },
    finish(reason) {
      endLatest()
      return encodeCalls(waiting, reason, toldCount)
    },
  }
}

/**
 * Encodes the calls of an answer that has ended, each as JSON. Those that were cut are left out; no
 * arguments are an empty object.
 *
 * @throws ProxyError `upstream_invalid_response` if the answer was not cut and one has no object.
 */
export function encodeCalls(
  calls: readonly Call[],
  reason: FinishReason,
  firstIndex = 0,
): readonly string[] {
  const whole =
    reason === 'stop'
      ? calls.map(requireObject)
      : calls.filter(({ arguments: text }) => isObjectText(text))
  return whole.map((call, i) => encodeCall(call, firstIndex + i))
}

function requireObject(call: Call): Call {
  if (call.arguments === '') return { ...call, arguments: '{}' }
  if (isObjectText(call.arguments)) return call
  throw new ProxyError(
    'upstream_invalid_response',
    `The model called the tool '${plainText(call.name, MAX_NAME_LENGTH)}' with arguments that are no JSON object. Ask again.`,
  )
}

/** The arguments stay the text that they are: parsed, long numbers would lose digits. */
function encodeCall({ callId, name, arguments: text }: Call, index: number): string {
  return `{"id":${quote(callId)},"function":{"index":${index},"name":${quote(name)},"arguments":${text}}}`
}

function isObjectText(text: string): boolean {
  return asObject(parseJson(text)) !== undefined
}

function tooLarge(): ProxyError {
  return new ProxyError(
    'upstream_response_too_large',
    'The calls of the answer grew past 64 MiB. Ask for less at once.',
  )
}
