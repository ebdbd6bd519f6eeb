import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** tap has one folder a test, which each call for it empties. */
const roots = new WeakMap<Test, string>()

/**
 * Makes a folder for a service to live in. Unlike a bare `t.testdir` it is removed after every
 * teardown, when nobody writes to it any more: tap runs the one that came first last. It and its
 * files are for their owner only, as the service wants them.
 */
export function makeFolder(t: Test, content: Readonly<Record<string, string>> = {}): string {
  let root = roots.get(t)
  if (root === undefined) {
    t.teardown(() => {})
    root = t.testdir({})
    roots.set(t, root)
  }
  const folder = mkdtempSync(join(root, 'folder-'))
  for (const [name, text] of Object.entries(content)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
  return folder
}
