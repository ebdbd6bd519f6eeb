/** How many tokens a request takes up, roughly: nobody but the backend could count them. */

import { asObject, asString, type JsonObject, objectsOf } from '../../../domain/json.ts'
import type { RelayRequest } from '../../../domain/relay-ports.ts'
import { estimateTokens } from '../../../domain/token-estimate.ts'

/** Tokens around each item: who speaks, where it begins and ends. */
const TOKENS_PER_ITEM = 4
/** An image of middling size in full detail. */
const TOKENS_PER_IMAGE = 1000
/** A long document; a file that is larger is mostly pictures. */
const MAX_TOKENS_PER_FILE = 50_000
/** Base64 takes four characters for three bytes, and a file has about one token in four bytes. */
const BASE64_PER_TOKEN = 16 / 3

/** Encodes an estimate (API object `response.input_tokens`). */
export function encodeInputTokens({ instructions, input, tools, text }: RelayRequest) {
  const tokens = [
    estimateTokens(instructions ?? ''),
    ...input.map(item => TOKENS_PER_ITEM + tokensOf(item)),
    ...tools.map(tokensOfJson),
    text?.['format'] ? tokensOfJson(text['format']) : 0,
  ]
  return {
    object: 'response.input_tokens',
    input_tokens: tokens.reduce((sum, count) => sum + count, 0),
  }
}

function tokensOf(item: JsonObject): number {
  if (item['type'] === 'message') return tokensOfContent(item['content'])
  const { output, ...call } = item
  return tokensOfJson(call) + tokensOfContent(output)
}

function tokensOfContent(content: unknown): number {
  if (typeof content === 'string') return estimateTokens(content)
  return objectsOf(content)
    .map(tokensOfPart)
    .reduce((sum, count) => sum + count, 0)
}

function tokensOfPart(part: JsonObject): number {
  switch (part['type']) {
    case 'input_image':
      return TOKENS_PER_IMAGE
    case 'input_file': {
      const length = asString(part['file_data'])?.length ?? 0
      return Math.min(Math.ceil(length / BASE64_PER_TOKEN), MAX_TOKENS_PER_FILE)
    }
    default: {
      const text = asString(part['text']) ?? asString(part['refusal'])
      return text === undefined ? tokensOfJson(part) : estimateTokens(text)
    }
  }
}

function tokensOfJson(value: unknown): number {
  return asObject(value) ? estimateTokens(JSON.stringify(value)) : 0
}
