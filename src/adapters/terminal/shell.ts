/** Words for a command line that a person copies. */

/** Quotes for any POSIX shell; zsh would take the brackets of an IPv6 address for a pattern. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Quotes only what a shell would not take as one plain word. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : quote(text)
}
