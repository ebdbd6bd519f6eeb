/** Holds the files of its parameter until it is killed. */

import { writeSync } from 'node:fs'
import { withFlock } from '../../src/adapters/files/flock.ts'

const paths: readonly string[] = JSON.parse(process.argv[2] ?? '')
await withFlock(paths, async () => {
  writeSync(1, 'holds')
  for await (const _ of process.stdin) return
})
