/**
 * The `context` of `/api/generate`: a conversation as integers. With Ollama they are the model's tokens;
 * clients only keep them and send them back, so here they are the texts themselves, packed.
 */

import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import * as v from 'valibot'
import { type Item, textOf } from '../../../domain/conversation.ts'
import { parseJson } from '../../../domain/json.ts'

/** Most bytes that the texts of a context may have, as JSON in UTF-8. */
export const MAX_TEXT_BYTES = 8 * 1024 * 1024

/** Most characters of the JSON of a context: clients send all of it with every turn. */
const MAX_CONTEXT_LENGTH = 1024 * 1024

/** Bytes to an integer: few enough for clients whose integers have 32 bits and a sign. */
const WIDTH = 3
const MAX_INTEGER = 2 ** (8 * WIDTH) - 1
/** The first integer: no model has so many tokens. It changes with the form of what follows. */
const MARK = 0x434d01
const CHECKSUM_BYTES = 2 * WIDTH

const Turns = v.array(v.tuple([v.picklist(['user', 'assistant']), v.string()]))
type Turn = v.InferOutput<typeof Turns>[number]

/**
 * Encodes the texts of user and assistant messages; nothing else of a conversation is kept, images
 * neither. Returns `undefined` for a conversation that is too long to be sent to and fro.
 */
export function encodeContext(items: readonly Item[]): readonly number[] | undefined {
  const turns = Buffer.from(JSON.stringify(items.flatMap(turnsOf)))
  if (turns.length > MAX_TEXT_BYTES) return undefined
  const packed = deflateRawSync(turns)
  // What is packed says where it ends: zeros behind it count as nothing.
  const padding = Buffer.alloc((WIDTH - (packed.length % WIDTH)) % WIDTH)
  const content = Buffer.concat([packed, padding])
  const context = [MARK, ...integersOf(Buffer.concat([checksum(content), content]))]
  return JSON.stringify(context).length > MAX_CONTEXT_LENGTH ? undefined : context
}

/** Decodes what {@link encodeContext} encoded; `undefined` for integers of any other origin. */
export function decodeContext([mark, ...rest]: readonly number[]): readonly Item[] | undefined {
  const bytes = mark === MARK ? bytesOf(rest) : undefined
  const content = bytes?.subarray(CHECKSUM_BYTES)
  if (!content || !bytes?.subarray(0, CHECKSUM_BYTES).equals(checksum(content))) return undefined
  const turns = v.safeParse(Turns, parseJson(unpack(content)))
  return turns.success ? turns.output.map(itemOf) : undefined
}

function turnsOf(item: Item): readonly Turn[] {
  if (item.type !== 'message' || item.role === 'developer') return []
  const text = textOf(item)
  return text === '' ? [] : [[item.role, text]]
}

function itemOf([role, text]: Turn): Item {
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
