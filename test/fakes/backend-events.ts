/** What the backend tells of an answer, event by event, in full. */

export type BackendEvent = { readonly type: string; readonly [key: string]: unknown }

export const USAGE = {
  input_tokens: 11,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 18,
}

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1795346783,
  status: 'in_progress',
  model: 'gpt-5.5',
  output: [],
  service_tier: 'auto',
}

export const STARTED: readonly BackendEvent[] = [
  { type: 'response.created', response: RESPONSE },
  { type: 'response.in_progress', response: RESPONSE },
]

/** The end of an answer that is whole; thin, as the backend likes to send it, unless `output` is given. */
export function completed(over: object = {}): BackendEvent {
  const response = { ...RESPONSE, status: 'completed', usage: USAGE, service_tier: 'default' }
  return { type: 'response.completed', response: { ...response, ...over } }
}

/** The end of an answer that is cut. */
export function incomplete(reason: string, over: object = {}): BackendEvent {
  const response = { ...RESPONSE, status: 'incomplete', incomplete_details: { reason } }
  return { type: 'response.incomplete', response: { ...response, usage: USAGE, ...over } }
}

/** A failure inside the stream; `error` has more than a code where the backend says more. */
export function failed(code: string, error: object = {}): BackendEvent {
  const response = { ...RESPONSE, status: 'failed', error: { code, message: 'm', ...error } }
  return { type: 'response.failed', response }
}

/** The events of one item, which is what its last event brings. */
export interface ItemEvents {
  readonly item: Readonly<Record<string, unknown>>
  /** Its announcement. */
  readonly added: BackendEvent
  /** Its pieces, in order. */
  readonly pieces: readonly BackendEvent[]
  /** What closes it. */
  readonly done: readonly BackendEvent[]
}

/** A message of text, in pieces. */
export function message(
  index: number,
  deltas: readonly string[],
  annotations: readonly object[] = [],
): ItemEvents {
  const place = { item_id: `msg_${index}`, output_index: index, content_index: 0 }
  const text = deltas.join('')
  const part = { type: 'output_text', text, annotations }
  const item = { id: `msg_${index}`, type: 'message', role: 'assistant', status: 'completed' }
  const empty = { type: 'output_text', text: '', annotations: [] }
  return {
    item: { ...item, content: [part] },
    added: added(index, { ...item, status: 'in_progress', content: [] }),
    pieces: [
      { type: 'response.content_part.added', ...place, part: empty },
      ...deltas.map(delta => ({
        type: 'response.output_text.delta',
        ...place,
        delta,
        logprobs: [],
        obfuscation: 'x1',
      })),
      ...annotations.map((annotation, position) => ({
        type: 'response.output_text.annotation.added',
        ...place,
        annotation_index: position,
        annotation,
      })),
    ],
    done: [
      { type: 'response.output_text.done', ...place, text, logprobs: [] },
      { type: 'response.content_part.done', ...place, part },
      done(index, { ...item, content: [part] }),
    ],
  }
}

/** A message that refuses, in pieces. */
export function refusal(index: number, deltas: readonly string[]): ItemEvents {
  const place = { item_id: `msg_${index}`, output_index: index, content_index: 0 }
  const part = { type: 'refusal', refusal: deltas.join('') }
  const item = { id: `msg_${index}`, type: 'message', role: 'assistant', status: 'completed' }
  return {
    item: { ...item, content: [part] },
    added: added(index, { ...item, status: 'in_progress', content: [] }),
    pieces: [
      {
        type: 'response.content_part.added',
        ...place,
        part: { type: 'refusal', refusal: '' },
      },
      ...deltas.map(delta => ({ type: 'response.refusal.delta', ...place, delta })),
    ],
    done: [
      { type: 'response.refusal.done', ...place, refusal: part.refusal },
      { type: 'response.content_part.done', ...place, part },
      done(index, { ...item, content: [part] }),
    ],
  }
}

/** Reasoning: the parts of its summary, each in pieces. */
export function reasoning(
  index: number,
  parts: readonly (readonly string[])[],
  encrypted = `gAAAA${index}`,
): ItemEvents {
  const id = `rs_${index}`
  const summary = parts.map(pieces => ({ type: 'summary_text', text: pieces.join('') }))
  const item = { id, type: 'reasoning', summary, encrypted_content: encrypted }
  return {
    item,
    added: added(index, { id, type: 'reasoning', summary: [] }),
    pieces: parts.flatMap((pieces, position): BackendEvent[] => {
      const place = { item_id: id, output_index: index, summary_index: position }
      const part = { type: 'summary_text', text: pieces.join('') }
      return [
        {
          type: 'response.reasoning_summary_part.added',
          ...place,
          part: { type: 'summary_text', text: '' },
        },
        ...pieces.map(delta => ({
          type: 'response.reasoning_summary_text.delta',
          ...place,
          delta,
        })),
        { type: 'response.reasoning_summary_text.done', ...place, text: part.text },
        { type: 'response.reasoning_summary_part.done', ...place, part },
      ]
    }),
    done: [done(index, item)],
  }
}

/** A call of a function, its arguments in pieces. */
export function functionCall(
  index: number,
  callId: string,
  name: string,
  deltas: readonly string[],
): ItemEvents {
  const place = { item_id: `fc_${index}`, output_index: index }
  const item = { id: `fc_${index}`, type: 'function_call', call_id: callId, name }
  const text = deltas.join('')
  const whole = { ...item, status: 'completed', arguments: text }
  return {
    item: whole,
    added: added(index, { ...item, status: 'in_progress', arguments: '' }),
    pieces: deltas.map(delta => ({
      type: 'response.function_call_arguments.delta',
      ...place,
      delta,
    })),
    done: [
      { type: 'response.function_call_arguments.done', ...place, arguments: text },
      done(index, whole),
    ],
  }
}

/** A call of a custom tool, its text in pieces. */
export function customCall(
  index: number,
  callId: string,
  name: string,
  deltas: readonly string[],
): ItemEvents {
  const place = { item_id: `ctc_${index}`, output_index: index }
  const item = { id: `ctc_${index}`, type: 'custom_tool_call', call_id: callId, name }
  const input = deltas.join('')
  const whole = { ...item, status: 'completed', input }
  return {
    item: whole,
    added: added(index, { ...item, status: 'in_progress', input: '' }),
    pieces: deltas.map(delta => ({
      type: 'response.custom_tool_call_input.delta',
      ...place,
      delta,
    })),
    done: [{ type: 'response.custom_tool_call_input.done', ...place, input }, done(index, whole)],
  }
}

/** The events of items one after the other. */
export function inTurn(...items: readonly ItemEvents[]): readonly BackendEvent[] {
  return items.flatMap(item => [item.added, ...item.pieces, ...item.done])
}

/** A whole answer of items one after the other. */
export function answer(...items: readonly ItemEvents[]): readonly BackendEvent[] {
  return numbered([...STARTED, ...inTurn(...items), completed()])
}

/** Numbers events as the backend does. */
export function numbered(events: readonly BackendEvent[]): readonly BackendEvent[] {
  return events.map(({ type, ...rest }, position) => ({ type, sequence_number: position, ...rest }))
}

function added(index: number, item: object): BackendEvent {
  return { type: 'response.output_item.added', output_index: index, item }
}

function done(index: number, item: object): BackendEvent {
  return { type: 'response.output_item.done', output_index: index, item }
}
