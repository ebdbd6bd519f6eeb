/** Replaces a file and dies before a step; the steps that it has come to are its output. */

import { writeSync } from 'node:fs'
import { reserveFile } from '../../src/adapters/files/atomic-file.ts'
import { judgeSteps } from './file-steps.ts'

export interface WriterPlan {
  readonly path: string
  readonly content: string
  /** The number of the step to die before, from 1; none if there is no such step. */
  readonly dieAt: number
  readonly halfway: boolean
  /** The step that fails, with which code, and how many times; for ever if it is not said. */
  readonly failing?: { readonly step: string; readonly code: string; readonly times?: number }
  readonly platform?: string
}

const plan: WriterPlan = JSON.parse(process.argv[2] ?? '')
if (plan.platform) Object.defineProperty(process, 'platform', { value: plan.platform })
process.umask(0)

let steps = 0
let failures = 0
await judgeSteps(step => {
  steps++
  writeSync(1, `${step}\n`)
  if (steps === plan.dieAt) return plan.halfway ? 'die halfway' : 'die'
  if (step !== plan.failing?.step || failures === plan.failing.times) return undefined
  failures++
  return { fail: plan.failing.code }
})
try {
  const reservation = await reserveFile(plan.path)
  await reservation.commit(plan.content)
} catch (error) {
  writeSync(2, (error as NodeJS.ErrnoException).code ?? String(error))
}
