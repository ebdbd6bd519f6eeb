/** How many tokens a text has, roughly: the models' own tokenizer is not at hand. */

/** UTF-8 bytes that a token stands for on average, over prose, code and scripts of several bytes. */
const BYTES_PER_TOKEN = 4

/** Estimates the tokens of a text, from its length in UTF-8. */
export function estimateTokens(text: string): number {
  return tokensIn(utf8Length(text))
}

/** Estimates the tokens of so many bytes of UTF-8: for texts that come in pieces. */
export function tokensIn(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}

/** Counts the bytes of a text in UTF-8; a pair of surrogates may be cut between two texts. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // Each half of a surrogate pair stands for half of four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3
  }
  return bytes
}
