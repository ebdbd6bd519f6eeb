/** The account's usage as people read it. */

import { localTime } from '../../domain/local-time.ts'
import { plainText } from '../../domain/plain-text.ts'
import { windowName } from '../../domain/usage.ts'
import type { UsageLimitReading, UsageSnapshot, UsageWindow } from '../../domain/usage-ports.ts'
import { GENERAL_METER } from '../../domain/usage-snapshot.ts'
import { usageBar } from './bars.ts'
import { roughDuration } from './duration.ts'
import type { Paint } from './paint.ts'
import { paragraph } from './wrap.ts'

/**
 * Returns the section, a bar for each window; `now` is Unix time in milliseconds, and `problem` is
 * why there is no newer usage.
 */
export function usageSection(
  usage: UsageSnapshot | undefined,
  problem: { readonly message: string } | undefined,
  now: number,
  paint: Paint,
  columns: number,
): readonly string[] {
  const windows = (usage?.limits ?? []).flatMap(limit =>
    limit.windows.map(window => windowLines(limit, window, now, paint, columns)),
  )
  const until = usage?.limitReachedUntil
  const isRefused = until !== undefined && until * 1000 > now
  if (usage === undefined || (windows.length === 0 && !isRefused)) {
    const reason =
      problem?.message ??
      'Not known yet: ChatGPT tells it with each answer. Run chatmock serve and send a request.'
    return [paint.bold('Usage'), ...paragraph(plainText(reason), columns)]
  }
  const refusal = isRefused
    ? [`The limit is reached. ChatGPT takes no requests until ${moment(until, now)}.`]
    : []
  const blocks = [
    ...refusal.map(sentence => paragraph(sentence, columns).map(paint.red)),
    ...windows,
  ]
  return [
    `${paint.bold('Usage')} ${paint.dim(`as of ${localTime(usage.capturedAt / 1000)}`)}`,
    ...blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
    ...(problem === undefined ? [] : ['', ...paragraph(plainText(problem.message), columns)]),
  ]
}

function windowLines(
  limit: UsageLimitReading,
  window: UsageWindow,
  now: number,
  paint: Paint,
  columns: number,
): readonly string[] {
  return [
    ...paragraph(windowTitle(limit, window), columns),
    `  ${usageBar(window.usedPercent, paint, columns)}`,
    ...paragraph(resetSentence(window.resetsAt, now), columns).map(paint.dim),
  ]
}

function windowTitle({ id, name }: UsageLimitReading, window: UsageWindow): string {
  const title = `${windowName(window)} limit`
  if (id === GENERAL_METER) return title.slice(0, 1).toUpperCase() + title.slice(1)
  return `${plainText(name ?? id)}: ${title}`
}

function resetSentence(resetsAt: number | undefined, now: number): string {
  if (resetsAt === undefined) return 'when it resets is not known'
  if (resetsAt * 1000 <= now) return `has reset since (${localTime(resetsAt)})`
  return `resets in ${roughDuration(resetsAt - now / 1000)} (${localTime(resetsAt)})`
}

function moment(unixSeconds: number, now: number): string {
  return `${localTime(unixSeconds)}, in ${roughDuration(unixSeconds - now / 1000)}`
}
