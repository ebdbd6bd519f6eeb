/** Takes a lock again and again until it dies; its log tells who was inside when. */

import { appendFileSync, writeSync } from 'node:fs'
import { type LockOptions, withLock } from '../../src/adapters/files/lock.ts'
import { judgeSteps, type Verdict } from './file-steps.ts'

export interface LockPlan {
  readonly path: string
  /** Every process appends to it; the order of the lines is the order of what happened. */
  readonly log: string
  readonly rounds: number
  /** The number of the step to die before, from 1; none if there is no such step. */
  readonly dieAt?: number
  /** The number of the step before which to wait for a line. */
  readonly waitAt?: number
  /** Whether the file system has no links. */
  readonly withoutLink?: boolean
  /** Whether to try again at once. */
  readonly eager?: boolean
  readonly times?: Partial<LockOptions>
}

const plan: LockPlan = JSON.parse(process.argv[2] ?? '')
// What a pause is long by.
if (plan.eager) Math.random = () => -0.25

function tell(what: string): void {
  appendFileSync(plan.log, `${process.pid} ${what}\n`)
}

const input = process.stdin[Symbol.asyncIterator]()

async function wait(reason: string): Promise<void> {
  writeSync(1, reason)
  await input.next()
}

let steps = 0
async function judge(step: string): Promise<Verdict> {
  // Who waits for a turn opens the lock again and again, to read it.
  if (step === 'open' || step === 'mkdir') return undefined
  steps++
  if (steps === plan.waitAt) await wait(`waits before ${step};`)
  if (steps === plan.dieAt) {
    tell('dies')
    return 'die'
  }
  return step === 'link' && plan.withoutLink ? { fail: 'EPERM' } : undefined
}

await judgeSteps(judge)
await wait('is ready;')
for (let round = 0; round < plan.rounds; round++) {
  await withLock(
    plan.path,
    async () => {
      tell('enters')
      for (let turn = 0; turn < 5; turn++) {
        if ((await judge('work')) === 'die') process.kill(process.pid, 'SIGKILL')
        await new Promise(setImmediate)
        tell('is inside')
      }
      tell('leaves')
    },
    plan.times,
  )
}
process.stdin.destroy()
