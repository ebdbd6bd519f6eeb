import type { Log, LogFields } from '../../src/domain/ports.ts'

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A log that keeps its entries for the test to read. */
export interface FakeLog extends Log {
  readonly entries: readonly LogEntry[]
}

export function createFakeLog(): FakeLog {
  const entries: LogEntry[] = []
  const at =
    (level: LogEntry['level']) =>
    (message: string, fields: LogFields = {}) => {
      entries.push({ level, message, fields })
    }
  return { entries, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
