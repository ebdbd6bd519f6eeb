/** Where the commands for people write. */

import { createLog } from '../adapters/terminal/log.ts'
import { createPaint, isColourful, type Paint } from '../adapters/terminal/paint.ts'
import type { Log } from '../domain/ports.ts'

/** The width of what is no terminal. */
const DEFAULT_COLUMNS = 80

/** One of the two streams that a person reads. */
export interface Screen {
  readonly paint: Paint
  readonly columns: number
  write(text: string): void
}

/** Returns a stream of this process as a screen. */
export function screenOn(stream: NodeJS.WriteStream): Screen {
  return {
    paint: createPaint(isColourful(stream, process.env)),
    columns: stream.columns || DEFAULT_COLUMNS,
    write: text => void stream.write(text),
  }
}

/** Returns the log of a command: from `level` on, or with `--verbose` all of it. */
export function commandLog(verbose: boolean, level: 'warn' | 'error'): Log {
  return createLog(
    verbose ? 'debug' : level,
    'text',
    line => process.stderr.write(line),
    () => new Date(),
  )
}
