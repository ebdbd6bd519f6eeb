/** Regular expressions (ECMA-262) taken apart, to make up texts that they match. */

/** A part of a regular expression. */
export type Pattern =
  /** Any one of some characters. */
  | { readonly type: 'character'; readonly options: readonly string[] }
  | { readonly type: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly type: 'choice'; readonly options: readonly Pattern[] }
  | {
      readonly type: 'repeat'
      readonly part: Pattern
      readonly least: number
      readonly most: number
    }
  /** A part that is referred to by number, and by name if it has one. */
  | { readonly type: 'group'; readonly part: Pattern; readonly names: readonly string[] }
  | { readonly type: 'reference'; readonly name: string }

const MAX_LENGTH = 2000
const MAX_DEPTH = 50

const TOKEN =
  /\\(?:u\{[\da-f]+\}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|p\{[^}]*\}|k<[^>]*>|[1-9]\d*|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<[^>=!]+>))?|[*+?]\??|\{\d+(?:,\d*)?\}\??|./gisu

/** The characters that a class is tried with, pleasant ones first. */
const CHARACTERS = Array.from(
  'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -_.,:;!?@#$%&*+=/\\|\'"`^~()[]{}<>\t\n\r\u00a0éßαΩяЖ中あア한אع€–😀\u0000',
)

const NOTHING: Pattern = { type: 'sequence', parts: [] }

/** Returns the flags that a source compiles with, Unicode first; `undefined` if it does not. */
export function patternFlags(source: string): 'u' | '' | undefined {
  for (const flags of ['u', ''] as const) {
    try {
      new RegExp(source, flags)
      return flags
    } catch {}
  }
  return undefined
}

/**
 * Parses a regular expression. Anchors and lookarounds are left out. `undefined` if it is
 * none, or very long or deep.
 */
export function parsePattern(source: string): Pattern | undefined {
  const flags = source.length > MAX_LENGTH ? undefined : patternFlags(source)
  if (flags === undefined) return undefined
  const tokens = source.match(TOKEN) ?? []
  return countNesting(tokens) > MAX_DEPTH ? undefined : parseTokens(tokens, flags)
}

function parseTokens(tokens: readonly string[], flags: string): Pattern {
  let position = 0
  let groups = 0
  return parseChoice()

  function parseChoice(): Pattern {
    const options = [parseSequence()]
    while (tokens[position] === '|') {
      position++
      options.push(parseSequence())
    }
    return options.length === 1 && options[0] ? options[0] : { type: 'choice', options }
  }

  function parseSequence(): Pattern {
    const parts: Pattern[] = []
    for (let token = tokens[position]; token !== undefined; token = tokens[position]) {
      if (token === '|' || token === ')') break
      position++
      const part = parseAtom(token)
      const range = parseQuantifier(tokens[position])
      if (range) position++
      parts.push(range ? { type: 'repeat', part, ...range } : part)
    }
    return { type: 'sequence', parts }
  }

  function parseAtom(token: string): Pattern {
    if (token.startsWith('(')) return parseGroup(token)
    if (/^(?:[$^]|\\b)$/i.test(token)) return NOTHING
    const reference = /^\\(?:k<(.*)>|([1-9]\d*))$/.exec(token)
    if (reference) return { type: 'reference', name: reference[1] ?? reference[2] ?? '' }
    if (/^(?:\.|\[.*\]|\\[dws]|\\p\{.*\})$/isu.test(token)) {
      return { type: 'character', options: listCharacters(token, flags) }
    }
    return { type: 'character', options: [readCharacter(token)] }
  }

  function parseGroup(opening: string): Pattern {
    const name = /^\(\?<([^=!].*)>$/.exec(opening)?.[1]
    const isCapture = opening === '(' || name !== undefined
    const number = isCapture ? ++groups : 0
    const part = parseChoice()
    position++
    if (isCapture) return { type: 'group', part, names: [String(number), name ?? String(number)] }
    return opening === '(?:' ? part : NOTHING
  }
}

function parseQuantifier(
  token: string | undefined,
): { readonly least: number; readonly most: number } | undefined {
  const mark = token === undefined ? undefined : /^([*+?])\??$/.exec(token)?.[1]
  if (mark === '*') return { least: 0, most: Number.POSITIVE_INFINITY }
  if (mark === '+') return { least: 1, most: Number.POSITIVE_INFINITY }
  if (mark === '?') return { least: 0, most: 1 }
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}\??$/.exec(token ?? '') ?? []
  if (least === undefined) return undefined
  if (comma === '') return { least: Number(least), most: Number(least) }
  return { least: Number(least), most: most ? Number(most) : Number.POSITIVE_INFINITY }
}

function countNesting(tokens: readonly string[]): number {
  let depth = 0
  let deepest = 0
  for (const token of tokens) {
    if (token.startsWith('(')) deepest = Math.max(deepest, ++depth)
    if (token === ')') depth--
  }
  return deepest
}

/** The engine knows best what a class holds, so each character is put to it. */
function listCharacters(characterClass: string, flags: string): readonly string[] {
  const isMember = new RegExp(`^${characterClass}$`, flags)
  const own = characterClass.match(TOKEN_IN_CLASS) ?? []
  return [...new Set([...CHARACTERS, ...own.map(readCharacter)])].filter(each =>
    isMember.test(each),
  )
}

const TOKEN_IN_CLASS = /\\(?:u\{[\da-f]+\}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|.)|./gisu

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  0: '\0',
}

function readCharacter(token: string): string {
  if (!token.startsWith('\\')) return token
  const hex = /^\\[ux]\{?([\da-f]+)\}?$/i.exec(token)?.[1]
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
  const control = /^\\c([a-z])$/i.exec(token)?.[1]
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) % 32)
  const escaped = token.slice(1)
  return ESCAPES[escaped] ?? escaped
}
