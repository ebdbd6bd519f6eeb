/** The spellings of setting values, and what each is read as. */

import { join } from 'node:path'

/** Reads one kind of value; `allowed` completes the sentence "it must be …". */
export interface ValueKind<T> {
  readonly allowed: string
  /** What stands for the value in the help text; '' for a flag that takes none. */
  readonly placeholder: string
  /** Returns `undefined` for text that is not such a value. `homeFolder` is what `~` stands for. */
  read(text: string, homeFolder: string): T | undefined
}

/** Any text but the empty one. */
export const text: ValueKind<string> = {
  allowed: 'a text that is not empty',
  placeholder: 'TEXT',
  read: value => value || undefined,
}

/** A path. A leading `~/` is resolved here: no shell does it after a `=` or in a unit file. */
export const file: ValueKind<string> = {
  allowed: 'a path',
  placeholder: 'FILE',
  read: (value, homeFolder) =>
    value.startsWith('~/') ? join(homeFolder, value.slice(2)) : value || undefined,
}

/** Entries with commas between them; spaces around an entry and empty entries do not count. */
export const list: ValueKind<readonly string[]> = {
  allowed: 'a list with commas between its entries',
  placeholder: 'LIST',
  read: value =>
    value
      .split(',')
      .map(entry => entry.trim())
      .filter(entry => entry !== ''),
}

/** A TCP port to listen on. */
export const port: ValueKind<number> = {
  allowed: 'a port number from 0 (any free one) to 65535',
  placeholder: 'PORT',
  read: value => (/^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? Number(value) : undefined),
}

/** A TCP port to listen on, or none. */
export const portOrOff: ValueKind<number | 'off'> = {
  allowed: `${port.allowed}, or off`,
  placeholder: 'PORT',
  read: (value, homeFolder) => (value === 'off' ? value : port.read(value, homeFolder)),
}

/** Yes or no; as a flag it stands alone. */
export const boolean: ValueKind<boolean> = {
  allowed: '1, true, yes, on, 0, false, no or off',
  placeholder: '',
  read: value => {
    if (/^(?:1|true|yes|on)$/i.test(value)) return true
    return /^(?:0|false|no|off)$/i.test(value) ? false : undefined
  },
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
/** Node's timers take no more; a longer wait would be none at all. */
const MAX_MILLISECONDS = 2 ** 31 - 1

/** Whole milliseconds, from `500ms`, `2s`, `10m`, `1h`; a bare number is seconds. */
export const duration: ValueKind<number> = {
  allowed: 'a duration such as 500ms, 2s, 10m or 1h (a bare number is seconds), at most 24 days',
  placeholder: 'TIME',
  read: value => {
    const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value) ?? []
    if (amount === undefined) return undefined
    const milliseconds = Math.round(Number(amount) * (MILLISECONDS[unit] ?? 0))
    return milliseconds <= MAX_MILLISECONDS ? milliseconds : undefined
  },
}

/** A duration for which zero would mean "all the time" or "at once". */
export const positiveDuration: ValueKind<number> = {
  ...duration,
  allowed: `above zero, and ${duration.allowed}`,
  read: (value, homeFolder) => duration.read(value, homeFolder) || undefined,
}

const BYTES: Readonly<Record<string, number>> = { '': 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }

/** Bytes, from `64MiB`, `512KiB`, `1GiB`; a bare number is bytes. */
export const size: ValueKind<number> = {
  allowed: 'a size such as 64MiB, 512KiB or 1GiB (a bare number is bytes)',
  placeholder: 'SIZE',
  read: value => {
    const [, amount, unit = ''] = /^(\d+)(kib|mib|gib)?$/i.exec(value) ?? []
    return amount === undefined ? undefined : Number(amount) * (BYTES[unit.toLowerCase()] ?? 0)
  },
}

/** A base URL that secrets may be sent to. Paths are appended to it, so a trailing slash is dropped. */
export const secureUrl: ValueKind<string> = {
  allowed:
    'an https:// URL without user, query and fragment (http:// only for 127.0.0.1, [::1] and localhost)',
  placeholder: 'URL',
  read: value => {
    if (!URL.canParse(value)) return undefined
    const { protocol, hostname, origin, pathname, href } = new URL(value)
    const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
    const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback)
    const isBase = href === `${origin}${pathname}`
    return isSafe && isBase ? href.replace(/\/+$/, '') : undefined
  },
}

/** A version of three numbers. */
export const version: ValueKind<string> = {
  allowed: 'a version such as 0.169.0',
  placeholder: 'VERSION',
  read: value => (/^\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(value) ? value : undefined),
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): ValueKind<Word> {
  return {
    allowed: `one of ${words.join(', ')}`,
    placeholder: words.join('|'),
    read: value => words.find(word => word === value),
  }
}
