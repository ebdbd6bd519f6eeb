/** The system text for requests that bring none. */

import { readFile } from 'node:fs/promises'
import { codeOf } from './system-error.ts'

/**
 * Reads a prompt file; returns `undefined` if there is none. White space around the text is
 * dropped.
 *
 * @throws the system's error if the file cannot be read, and an `Error` if it is empty.
 */
export async function readPrompt(path: string): Promise<string | undefined> {
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    // Where a file stands in the place of the folder, there is no prompt in it.
    if (/^(?:ENOENT|ENOTDIR)$/.test(codeOf(error) ?? '')) return undefined
    throw error
  }
  const text = content.trim()
  if (text === '') throw new Error('the file is empty')
  return text
}
