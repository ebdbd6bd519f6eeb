/** Makes up texts in the formats that JSON Schema names. */

const DAY_MS = 86_400_000
const FIRST_DAY_MS = Date.UTC(2024, 0, 1)

type Format = (variant: number, padding: string) => string

const instant = (variant: number) =>
  new Date(FIRST_DAY_MS + (variant % 10_000) * DAY_MS).toISOString()
const number = (variant: number) => (variant === 0 ? '' : String(variant + 1))
const uri: Format = (variant, padding) => `https://example.com/demo${number(variant)}${padding}`
const email: Format = (variant, padding) => `demo${number(variant)}${padding}@example.com`
const hostname: Format = (variant, padding) => `demo${number(variant)}${padding}.example.com`

/** The formats of draft 2020-12. `padding` lengthens a text where its format lets it. */
const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['date', variant => instant(variant).slice(0, 10)],
  ['date-time', variant => instant(variant).replace('.000', '')],
  ['time', variant => `12:${twoDigits(variant / 60)}:${twoDigits(variant)}Z`],
  ['duration', variant => `PT${variant + 1}H`],
  ['email', email],
  ['idn-email', email],
  ['hostname', hostname],
  ['idn-hostname', hostname],
  ['ipv4', variant => `192.0.${Math.floor(variant / 254) % 256}.${(variant % 254) + 1}`],
  ['ipv6', variant => `2001:db8::${((variant % 65_535) + 1).toString(16)}`],
  ['uri', uri],
  ['iri', uri],
  ['uri-reference', uri],
  ['iri-reference', uri],
  ['uri-template', uri],
  ['uuid', variant => `00000000-0000-4000-8000-${variant.toString(16).padStart(12, '0')}`],
  ['json-pointer', (variant, padding) => `/demo${number(variant)}${padding}`],
  ['relative-json-pointer', (variant, padding) => `0/demo${number(variant)}${padding}`],
  ['regex', (variant, padding) => `demo${number(variant)}${padding}`],
])

/**
 * Returns a text in a format, `undefined` if the format is not known. It has `minLength`
 * characters at least, if the format can be that long.
 */
export function sampleFormat(
  format: string,
  variant: number,
  minLength: number,
): string | undefined {
  const write = FORMATS.get(format)
  const shortest = write?.(variant, '')
  if (write === undefined || shortest === undefined || shortest.length >= minLength) return shortest
  return write(variant, 'a'.repeat(minLength - shortest.length))
}

function twoDigits(count: number): string {
  return String(Math.floor(count) % 60).padStart(2, '0')
}
