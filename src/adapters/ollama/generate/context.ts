/**
 * The `context` of `/api/generate`: a conversation as integers. With Ollama they are the model's tokens;
 * clients only keep them and send them back, so here they are the texts themselves, packed.
 */

import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import * as v from 'valibot'
import { type Message, textOf } from '../../../domain/conversation.ts'
import { parseJson } from '../../../domain/json.ts'
import { listOf } from '../../fields/check.ts'
import { MAX_MESSAGES } from '../../fields/limits.ts'

/** Most bytes that the texts of a context may have, as JSON in UTF-8. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024

/**
 * Most UTF-16 units of JSON that an answer may have to be kept for a context: each takes a byte at
 * least, needless escapes aside.
 */
export const MAX_ANSWER_LENGTH = MAX_TEXT_BYTES

/** Most characters of the JSON of a context: clients send all of it with every turn. */
const MAX_CONTEXT_LENGTH = 1024 * 1024

/** Bytes to an integer: few enough for clients whose integers have 32 bits and a sign. */
const WIDTH = 3
const MAX_INTEGER = 2 ** (8 * WIDTH) - 1
/** The first integer: no model has so many tokens. It changes with the form of what follows. */
const MARK = 0x434d01
const CHECKSUM_BYTES = 2 * WIDTH

const Turns = listOf(
  v.tuple([v.picklist(['developer', 'user', 'assistant']), v.string()]),
  MAX_MESSAGES,
)
type Turn = v.InferOutput<typeof Turns>[number]

/**
 * Encodes the texts of messages; images are not kept. Of a conversation that is too long to be sent to
 * and fro the older half is left out, as often as it takes.
 */
export function encodeContext(messages: readonly Message[]): readonly number[] {
  const turns = messages.flatMap(turnsOf)
  const system = turns.filter(([role]) => role === 'developer')
  let said = turns.filter(([role]) => role !== 'developer')
  for (;;) {
    const context = pack([...system, ...said])
    if (context !== undefined) return context
    if (said.length > 0) said = said.slice(Math.ceil(said.length / 2))
    // What the system says is too long by itself.
    else return encodeContext(messages.filter(({ role }) => role !== 'developer'))
  }
}

/** Decodes what {@link encodeContext} encoded; `undefined` for integers of any other origin. */
export function decodeContext([mark, ...rest]: readonly number[]): readonly Message[] | undefined {
  const bytes = mark === MARK ? bytesOf(rest) : undefined
  const content = bytes?.subarray(CHECKSUM_BYTES)
  if (!content || !bytes?.subarray(0, CHECKSUM_BYTES).equals(checksum(content))) return undefined
  const turns = v.safeParse(Turns, parseJson(unpack(content)))
  return turns.success ? turns.output.map(messageOf) : undefined
}

/** Returns `undefined` for what is too long. */
function pack(turns: readonly Turn[]): readonly number[] | undefined {
  const text = Buffer.from(JSON.stringify(turns))
  if (turns.length > MAX_MESSAGES || text.length > MAX_TEXT_BYTES) return undefined
  const packed = deflateRawSync(text)
  // What is packed says where it ends: zeros behind it count as nothing.
  const padding = Buffer.alloc((WIDTH - (packed.length % WIDTH)) % WIDTH)
  const content = Buffer.concat([packed, padding])
  const context = [MARK, ...integersOf(Buffer.concat([checksum(content), content]))]
  return JSON.stringify(context).length > MAX_CONTEXT_LENGTH ? undefined : context
}

function turnsOf(message: Message): readonly Turn[] {
  const text = textOf(message)
  return text === '' ? [] : [[message.role, text]]
}

function messageOf([role, text]: Turn): Message {
  return { type: 'message', role, parts: [{ type: 'text', text }] }
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES)
}

/** Anybody can make a checksum, so what is packed may be anything: '' for what cannot be unpacked. */
function unpack(bytes: Uint8Array): string {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }).toString()
  } catch {
    return ''
  }
}

function integersOf(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length / WIDTH }, (_, i) => bytes.readUIntBE(i * WIDTH, WIDTH))
}

function bytesOf(integers: readonly number[]): Buffer | undefined {
  const isBytes = (n: number) => Number.isInteger(n) && n >= 0 && n <= MAX_INTEGER
  if (!integers.every(isBytes)) return undefined
  const bytes = Buffer.alloc(integers.length * WIDTH)
  for (const [i, n] of integers.entries()) bytes.writeUIntBE(n, i * WIDTH, WIDTH)
  return bytes
}
