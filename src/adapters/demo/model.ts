/** The embedded upstream: a model that needs no network and no login. */

import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChatRequest } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { ModelEvent } from '../../domain/events.ts'
import type { ChatModel, Clock } from '../../domain/ports.ts'
import { planAnswer } from './answer.ts'
import { readDirectives } from './directives.ts'
import { createFailureError } from './failures.ts'
import { promptOf } from './prose.ts'

/** How many pieces of an answer come before it fails. */
const PIECES_BEFORE_FAILURE = 5

/** The longest that a timer of Node can run. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** What the demo depends on. */
export interface DemoOptions {
  /** Milliseconds to wait before each piece of an answer; 0 does not wait. */
  readonly paceMs: number
  /** Says when an answer was created, and when a usage limit resets. */
  readonly clock: Clock
}

/**
 * Creates a model that echoes what it was asked, calls the tools that the prompt names, and
 * fails as the prompt asks; `DIRECTIVES` lists how. The same request gets the same events.
 */
export function createDemoModel({ paceMs, clock }: DemoOptions): ChatModel {
  return {
    async respond(request, _credentials, signal) {
      signal.throwIfAborted()
      const directives = readDirectives(promptOf(request))
      const { failure } = directives
      const error = failure && createFailureError(failure, clock)
      if (failure?.during === 'request') throw error
      const answer = planAnswer(request, directives)
      const serviceTier = request.priority === 'required' ? 'priority' : 'default'
      const started: ModelEvent = {
        type: 'started',
        id: `resp_demo_${digest(request)}`,
        createdAt: Math.floor(clock.now() / 1000),
        serviceTier,
      }
      const finished: ModelEvent = {
        type: 'finished',
        reason: answer.reason,
        usage: answer.usage,
        serviceTier,
      }
      const { reasoning, output } = answer
      const pace = directives.paceMs ?? paceMs
      const pieces = [...reasoning, ...output.slice(0, failure && PIECES_BEFORE_FAILURE)]
      return play(started, pieces, failure ? (error ?? 'silence') : finished, pace, signal)
    },
  }
}

/** Ends as `ending` says: with a last event, by throwing, or not before the signal. */
async function* play(
  started: ModelEvent,
  pieces: readonly ModelEvent[],
  ending: ModelEvent | ProxyError | 'silence',
  paceMs: number,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  signal.throwIfAborted()
  yield started
  for (const piece of pieces) {
    await pause(paceMs, signal)
    yield piece
  }
  while (ending === 'silence') await pause(LONGEST_WAIT_MS, signal)
  signal.throwIfAborted()
  if (ending instanceof ProxyError) throw ending
  yield ending
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (ms === 0) return
  try {
    await wait(ms, undefined, { signal })
  } catch (error) {
    // A timer rejects with an error of its own, not with the signal's reason.
    signal.throwIfAborted()
    throw error
  }
}

function digest(request: ChatRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 16)
}
