/** What the package says of itself. Sources and build lie equally deep, so one path serves both. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)

/** The version of the package. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
).version

/** The system text that comes with the package. */
export const PROMPT_FILE: string = fileURLToPath(new URL('prompt.md', root))
