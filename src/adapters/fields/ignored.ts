/** The header that names what a request asked for in vain. */

const NAME = 'x-chatmock-ignored'

/** Most names that are told. */
const MAX_NAMES = 50

/** Names fields, not values; a name that is no plain word could not stand in a header. */
export function ignoredHeader(names: readonly string[]): Readonly<Record<string, string>> {
  const printable = names.filter(name => /^[\w.[\]-]{1,64}$/.test(name)).slice(0, MAX_NAMES)
  return printable.length > 0 ? { [NAME]: printable.join(', ') } : {}
}
