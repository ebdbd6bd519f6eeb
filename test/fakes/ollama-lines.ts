/** A reader of Ollama's answers that forgives nothing that some client would choke on. */

import type { Json } from './api-client.ts'

/** What the lines of a streamed answer amount to. */
export interface ReadLines {
  /** The lines before the last, each with its figures and times. */
  readonly lines: readonly Json[]
  /** The line that says `done`. */
  readonly last: Json
  /** Text of the line that ends an answer which failed. */
  readonly error: string | undefined
  readonly thinking: string
  readonly content: string
  readonly calls: readonly Json[]
  /** What kind of thing each line says, in order. */
  readonly kinds: readonly Kind[]
}

type Kind = 'thinking' | 'content' | 'calls' | 'nothing'

const HEAD = ['model', 'remote_model', 'remote_host', 'created_at']
const DURATIONS = ['total_duration', 'load_duration']
const COUNTS = ['prompt_eval', 'eval']
const FIGURES = [...DURATIONS, ...COUNTS.flatMap(name => [`${name}_count`, `${name}_duration`])]
const LAST_KEYS = ['done_reason', ...FIGURES, 'context']

/** Reads a streamed answer of `/api/chat` or `/api/generate`; throws at a line that no answer has. */
export function readLines(text: string): ReadLines {
  const texts = text.split('\n')
  if (texts.pop() !== '') throw new Error('the answer ends in the middle of a line')
  const all: Json[] = texts.map(line => {
    if (!line.startsWith('{"')) throw new Error(`not a JSON object: ${line}`)
    return JSON.parse(line)
  })
  const error = all.at(-1)?.error
  if (error !== undefined) {
    const { error: _, ...rest } = all.pop()
    if (typeof error !== 'string' || error === '') throw new Error('the error is no text')
    if (Object.keys(rest).length > 0) throw new Error('the error has company')
  }
  for (const line of all) checkLine(line)
  const done = all.findIndex(line => line.done)
  if (error === undefined && done !== all.length - 1) throw new Error('the last line is not done')
  if (error !== undefined && done !== -1) throw new Error('an answer that failed is done')
  const last = error === undefined ? all.pop() : undefined
  if (last !== undefined) checkLast(last)
  const said = all.map(saidBy)
  const models = new Set([...all, ...(last ? [last] : [])].map(line => line.model))
  if (models.size > 1) throw new Error('the lines are of different answers')
  return {
    lines: all,
    last,
    error,
    thinking: said.map(({ thinking }) => thinking ?? '').join(''),
    content: said.map(({ content }) => content).join(''),
    calls: said.flatMap(({ tool_calls }) => tool_calls ?? []),
    kinds: said.map(kindOf),
  }
}

/** Reads an answer that came whole; throws where it is none. */
export function readWhole(text: string): Json {
  if (text !== text.trim()) throw new Error('there is white space around the answer')
  const answer = JSON.parse(text)
  checkLine(answer)
  if (answer.done !== true) throw new Error('the answer is not done')
  if (answer.done_reason !== 'load' && answer.done_reason !== 'unload') checkFigures(answer)
  return answer
}

/** Returns a line with its times and durations replaced, for what stays the same in every run. */
export function timeless(line: Json): Json {
  const { created_at: _, ...rest } = line
  const times = Object.entries(rest).filter(([key]) => /_duration$/.test(key))
  for (const [, value] of times) {
    if (!Number.isSafeInteger(value) || (value as number) < 1) throw new Error(`took ${value}`)
  }
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key.endsWith('_duration') ? 'ns' : value]),
  )
}

/** What a line says, in the names of a chat. */
function saidBy(line: Json): Json {
  const { message, response, thinking } = line
  return message ?? { role: 'assistant', content: response, ...(thinking && { thinking }) }
}

function kindOf({ content, thinking, tool_calls }: Json): Kind {
  if (thinking !== undefined) return 'thinking'
  if (tool_calls !== undefined) return 'calls'
  return content === '' ? 'nothing' : 'content'
}

function checkLine(line: Json): void {
  const text = JSON.stringify(line).slice(0, 300)
  const keys = Object.keys(line)
  const body = 'message' in line ? ['message'] : ['response', 'thinking']
  const known = [...HEAD, ...body, 'done', ...(line.done ? LAST_KEYS : [])]
  if (keys.slice(0, HEAD.length).join() !== HEAD.join()) throw new Error(`head of ${text}`)
  if (keys[HEAD.length] !== body[0]) throw new Error(`nothing is said in ${text}`)
  const foreign = keys.filter(key => !known.includes(key))
  if (foreign.length > 0) throw new Error(`${foreign} in ${text}`)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/.test(line.created_at)) {
    throw new Error(`time of ${text}`)
  }
  if (typeof line.done !== 'boolean') throw new Error(`done of ${text}`)
  const said = saidBy(line)
  if (said.role !== 'assistant') throw new Error(`role of ${text}`)
  if (typeof said.content !== 'string') throw new Error(`content of ${text}`)
  const strange = Object.keys(said).filter(
    key => !['role', 'content', 'thinking', 'tool_calls'].includes(key),
  )
  if (strange.length > 0) throw new Error(`${strange} in ${text}`)
  checkThinking(line, said, text)
  for (const call of said.tool_calls ?? []) checkCall(call, text)
  if (said.tool_calls?.length === 0) throw new Error(`empty calls in ${text}`)
}

function checkThinking({ done }: Json, { thinking, content, tool_calls }: Json, text: string) {
  if (thinking === undefined) return
  if (typeof thinking !== 'string' || thinking === '') throw new Error(`thinking of ${text}`)
  // A whole answer has all of it in one place.
  if (!done && (content !== '' || tool_calls)) throw new Error(`thinking and more in ${text}`)
}

function checkCall({ id, function: called, ...rest }: Json, text: string): void {
  const { index, name, arguments: values, ...more } = called
  const strange = Object.keys({ ...rest, ...more })
  if (strange.length > 0) throw new Error(`${strange} in ${text}`)
  if (typeof id !== 'string' || id === '') throw new Error(`id of a call in ${text}`)
  if (!Number.isInteger(index) || index < 0) throw new Error(`index of a call in ${text}`)
  if (typeof name !== 'string' || name === '') throw new Error(`name of a call in ${text}`)
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new Error(`arguments of a call in ${text}`)
  }
}

function checkLast(line: Json): void {
  const { content, thinking, tool_calls } = saidBy(line)
  if (content !== '' || thinking || tool_calls) throw new Error('the last line says something')
  checkFigures(line)
}

function checkFigures(line: Json): void {
  for (const name of FIGURES) {
    const value = line[name]
    if (value === undefined && !DURATIONS.includes(name)) continue
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is ${value}`)
  }
  for (const name of COUNTS) {
    if (`${name}_count` in line !== `${name}_duration` in line) throw new Error(`half of ${name}`)
  }
  if (line.total_duration < line.load_duration) throw new Error('it loaded longer than it took')
}
