/** The body of `/api/chat`; messages have a schema of their own. */

import * as v from 'valibot'
import { listOf } from '../../fields/check.ts'
import { MAX_MESSAGES } from '../../fields/limits.ts'
import { TOOL_FIELDS } from '../../fields/toolset.ts'
import { GENERATION_FIELDS, OTHER_FIELDS } from '../schema.ts'
import { WireMessage } from './message-schema.ts'

const Fields = {
  ...GENERATION_FIELDS,
  messages: v.nullish(listOf(WireMessage, MAX_MESSAGES)),
  ...TOOL_FIELDS,
}

/** The body. */
export const ChatBody = v.looseObject({ ...Fields, ...OTHER_FIELDS })
/** A checked body. */
export type ChatBody = v.InferOutput<typeof ChatBody>
/** The fields of it that have an effect. */
export const CHAT_FIELDS: readonly string[] = Object.keys(Fields)
