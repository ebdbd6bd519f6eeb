import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/**
 * Makes a folder for a service to live in. Unlike a bare `t.testdir` it is removed after every
 * teardown, when nobody writes to it any more: tap runs the one that came first last. It and its
 * files are for their owner only, as the service wants them.
 */
export function makeFolder(t: Test, content: Readonly<Record<string, string>> = {}): string {
  t.teardown(() => {})
  const folder = t.testdir({ ...content })
  chmodSync(folder, 0o700)
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o600)
  return folder
}
