/** What a prompt may ask of the demo in so many words. */

import type { FinishReason } from '../../domain/events.ts'
import { FAILURES, type Failure } from './failures.ts'
import { findJsonObject } from './json-object.ts'

/** Most words that `words:N` gives. */
const MAX_WORDS = 100_000
/** Longest pace that `pace:Nms` sets: an hour. */
const MAX_PACE_MS = 3_600_000
/** Most calls that `call:` asks for: each may look for its JSON up to the end of the prompt. */
const MAX_CALLS = 128

/** One way to end, asked for with `end:NAME`. */
export interface Ending {
  readonly reason: FinishReason
  /** Whether the text of the answer is a refusal. */
  readonly refusal: boolean
  readonly effect: string
}

const ENDINGS: ReadonlyMap<string, Ending> = new Map([
  ['length', { reason: 'length', refusal: false, effect: 'ends as if out of tokens' }],
  ['filter', { reason: 'content-filter', refusal: false, effect: 'ends as if filtered' }],
  ['refusal', { reason: 'stop', refusal: true, effect: 'refuses to answer' }],
])

/** A call that the prompt spells out. */
export interface CallDirective {
  readonly name: string
  /** A JSON object as written; `undefined` if none was. */
  readonly arguments: string | undefined
}

/** The directives of one prompt. Of two that exclude each other the first counts. */
export interface Directives {
  /** Whether there is any, an unknown one included. */
  readonly any: boolean
  readonly failure?: Failure
  readonly ending?: Ending
  /** The whole text of the answer. */
  readonly say?: string
  /** How many words the answer has. */
  readonly words?: number
  readonly paceMs?: number
  /** The calls to make, in the order of the prompt, 128 at most. */
  readonly calls: readonly CallDirective[]
  /** What looks like a directive but is none, as written. */
  readonly unknown: readonly string[]
}

/** Every directive with what it does, for a help text. */
export const DIRECTIVES: readonly { readonly directive: string; readonly effect: string }[] = [
  { directive: 'say:TEXT', effect: 'answers TEXT, which goes to the end of the line' },
  { directive: 'words:500', effect: `answers that many words, ${MAX_WORDS} at most` },
  { directive: 'call:NAME {json}', effect: 'calls the tool NAME, with the JSON if there is any' },
  { directive: 'pace:50ms', effect: 'waits that long before each word' },
  ...[...ENDINGS].map(([name, { effect }]) => ({ directive: `end:${name}`, effect })),
  ...[...FAILURES.values()].map(({ name, effect }) => ({ directive: `fail:${name}`, effect })),
]

type Setting = Pick<Directives, 'failure' | 'ending' | 'words' | 'paceMs'>

const READERS: Readonly<Record<string, (value: string) => Setting | undefined>> = {
  fail: name => wrap('failure', FAILURES.get(name)),
  end: name => wrap('ending', ENDINGS.get(name)),
  words: value => wrap('words', readNumber(/^(\d+)$/, value, MAX_WORDS)),
  pace: value => wrap('paceMs', readNumber(/^(\d+)ms$/, value, MAX_PACE_MS)),
}

const DIRECTIVE =
  /(?<![\w-])(?:say:[ \t]*(?<say>\S.*)|call:[ \t]*(?<tool>[\w-]+)|(?<key>fail|end|words|pace):(?<space>[ \t]*)(?<value>[\w-]+))/gi

/**
 * Reads the directives out of a prompt, in any letter case. None is read from what `say:` is to
 * repeat, nor from the JSON of `call:`.
 */
export function readDirectives(prompt: string): Directives {
  const calls: CallDirective[] = []
  const unknown: string[] = []
  const settings: { -readonly [Key in keyof Setting]: Setting[Key] } = {}
  let say: string | undefined
  // A copy, because the place that it goes on from is kept in the expression.
  const directive = new RegExp(DIRECTIVE)
  for (let found = directive.exec(prompt); found !== null; found = directive.exec(prompt)) {
    const { say: text, tool, key = '', space, value = '' } = found.groups ?? {}
    if (text !== undefined) {
      say ??= text
    } else if (tool !== undefined) {
      if (calls.length === MAX_CALLS) continue
      const json = findJsonObject(prompt, directive.lastIndex)
      calls.push({ name: tool, arguments: json?.text })
      directive.lastIndex = json?.end ?? directive.lastIndex
    } else {
      const setting = READERS[key.toLowerCase()]?.(value.toLowerCase())
      if (setting) Object.assign(settings, { ...setting, ...settings })
      // "The end: of words" is no directive.
      else if (space === '') unknown.push(found[0])
    }
  }
  const any = say !== undefined || calls.length + unknown.length + Object.keys(settings).length > 0
  return { any, ...settings, ...(say !== undefined && { say }), calls, unknown }
}

function wrap<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Record<Key, Value> | undefined {
  return value === undefined ? undefined : ({ [key]: value } as Record<Key, Value>)
}

function readNumber(form: RegExp, value: string, most: number): number | undefined {
  const digits = form.exec(value)?.[1]
  return digits === undefined ? undefined : Math.min(Number(digits), most)
}
