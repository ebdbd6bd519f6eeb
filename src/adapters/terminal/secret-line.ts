/** Lines that a person pastes and that nobody should read over the shoulder. */

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { Writable } from 'node:stream'

/** Where the lines come from: standard input, as a rule. */
export type SecretInput = Readable & {
  readonly isTTY?: boolean | undefined
  ref?(): unknown
  unref?(): unknown
}

/** What is done with what comes. */
export interface SecretListener {
  /** Gets each line that says something, without its end. */
  readonly onLine: (line: string) => void
  /** Called when the person presses Ctrl-C, which ends no process while nothing is echoed. */
  readonly onCancel: () => void
}

/** Far more than any address; whoever sends that much is no person. */
const MAX_LENGTH = 1024 * 1024

/**
 * Reads lines without echoing them until the input ends, Ctrl-C is pressed or the signal is
 * aborted; then the terminal is as before. The end of the input is no error, nor is an input that
 * cannot be read: nothing more comes from there. What is no terminal is read plainly.
 *
 * Rejects only with what the listener throws.
 */
export function readSecretLines(
  input: SecretInput,
  { onLine, onCancel }: SecretListener,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve()
    // Not in the terminal's own line mode, which cuts lines after 4095 bytes.
    const lines = createInterface({
      input,
      output: silence(),
      terminal: input.isTTY === true,
      historySize: 0,
    })
    input.ref?.()
    let isDone = false
    let length = 0
    const end = () => {
      if (isDone) return
      isDone = true
      signal.removeEventListener('abort', end)
      input.off('data', measure)
      lines.close()
      // A pipe that is paused while it delivers goes on reading, and would keep the process alive.
      input.unref?.()
      resolve()
    }
    const attempt = (work: () => void) => {
      if (isDone) return
      try {
        work()
      } catch (error) {
        reject(error)
        end()
      }
    }
    const measure = (chunk: string | Buffer) => {
      length += chunk.length
      if (length > MAX_LENGTH) end()
    }
    input.on('data', measure)
    // Stays: a terminal that goes away after the end must not be an unhandled error.
    input.on('error', end)
    lines
      .on('error', end)
      .on('close', end)
      .on('line', line => attempt(() => line.trim() === '' || onLine(line)))
      .on('SIGINT', () => {
        attempt(onCancel)
        end()
      })
      // After Ctrl-Z and `fg` readline waits to be told to go on.
      .on('SIGCONT', () => lines.resume())
    signal.addEventListener('abort', end)
  })
}

function silence(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
