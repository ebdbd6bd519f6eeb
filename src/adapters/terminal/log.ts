/** The service's log: one line an event. */

import type { Log, LogFields } from '../../domain/ports.ts'

/** From the most to the least talkative. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** `text` is for people, `json` (one object a line) for programs. */
export const LOG_FORMATS = ['text', 'json'] as const
/** One of {@link LOG_FORMATS}. */
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Creates a log that writes lines of at least `level`; `write` gets each with its line end. */
export function createLog(
  level: LogLevel,
  format: LogFormat,
  write: (line: string) => void,
  now: () => Date,
): Log {
  const formatLine = format === 'json' ? jsonLine : textLine
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(own) < LOG_LEVELS.indexOf(level)) return
      write(formatLine(now().toISOString(), own, message, fields))
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return `${JSON.stringify({ time, level, msg: message, ...fields })}\n`
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${plain(value)}`)
  return `${time} ${level.padEnd(5)} ${message}${pairs.join('')}\n`
}

/** Quotes what would make one value look like two, one line like two, or steer a terminal. */
function plain(value: unknown): string {
  const text = String(value)
  if (/^[^\s"=\p{Cc}\p{Cf}]+$/u.test(text)) return text
  // JSON leaves the upper control characters and the invisible ones as they are.
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
