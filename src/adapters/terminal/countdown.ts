/** The line that tells how long a command goes on waiting. */

import { clockDuration } from './duration.ts'

/** Where the line is shown: standard error, as a rule. */
export interface CountdownStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** How to count. */
export interface CountdownOptions {
  readonly seconds: number
  /** Stands after the time: what the person can do meanwhile. */
  readonly hint: string
  /** Milliseconds since some moment. */
  readonly monotonic: () => number
  /** Calls `tick` each second until the function that it returns is called. */
  readonly everySecond?: (tick: () => void) => () => void
}

/** A line that is being rewritten. */
export interface Countdown {
  /** Writes a line of its own above the countdown; after the end, a plain line. */
  note(text: string): void
  /** Takes the countdown off the screen; more than once is fine. */
  stop(): void
}

/**
 * Shows "Waiting… 14:32 left." and rewrites it each second; the timer keeps no process alive.
 * What is not a terminal gets the line once. The cursor stays visible all the time, so nothing
 * has to be put right when the process is killed.
 */
export function showCountdown(stream: CountdownStream, options: CountdownOptions): Countdown {
  const { seconds, hint, monotonic, everySecond = eachSecond } = options
  const deadline = monotonic() + seconds * 1000
  const line = () =>
    `Waiting… ${clockDuration((deadline - monotonic()) / 1000)} left. ${hint}`.trimEnd()
  if (!stream.isTTY) {
    stream.write(`${line()}\n`)
    return { note: text => stream.write(`${text}\n`), stop: () => {} }
  }

  let shown = 0
  let isStopped = false
  const draw = (text: string, end = '') => {
    // Spaces instead of an escape sequence: they work on any terminal.
    stream.write(`\r${text.padEnd(shown)}${end}`)
    shown = text.length
  }
  const tick = () => {
    // A line that reached the last column could not be rewritten.
    const text = line().slice(0, Math.max(1, (stream.columns || 80) - 1))
    draw(text)
  }
  const clear = () => {
    draw('', '\r')
  }
  const cancel = everySecond(tick)
  tick()
  return {
    note: text => {
      if (!isStopped) clear()
      stream.write(`${text}\n`)
      if (!isStopped) tick()
    },
    stop: () => {
      if (isStopped) return
      isStopped = true
      cancel()
      clear()
    },
  }
}

function eachSecond(tick: () => void): () => void {
  const timer = setInterval(tick, 1000).unref()
  return () => clearInterval(timer)
}
