/** What `chatmock models` tells. */

import { EFFORTS, type Effort } from '../../domain/conversation.ts'
import { localTime } from '../../domain/local-time.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { ModelEntry } from '../../domain/ports.ts'
import type { Paint } from './paint.ts'
import { paragraph, table } from './wrap.ts'

/** The catalogue and where it comes from. */
export interface ModelsFacts {
  readonly models: readonly ModelEntry[]
  /** Unix time in milliseconds when ChatGPT told them; `undefined` for the built-in list. */
  readonly fetchedAt: number | undefined
  /** Why there is no newer list, as a sentence; `undefined` if this one is new. */
  readonly problem: string | undefined
}

/** What a table needs besides the longest name so that it breaks few rows. */
const TABLE_WIDTH = 56

/** Returns the screen, for a terminal of so many columns. */
export function modelsScreen(facts: ModelsFacts, paint: Paint, columns: number): string {
  const { models, fetchedAt, problem } = facts
  const source =
    fetchedAt === undefined
      ? 'The list that chatmock has built in; your account may offer others.'
      : `The list of your account, as of ${localTime(fetchedAt / 1000)}.`
  const hasDefault = models.some(({ defaultEffort }) => defaultEffort !== undefined)
  const longestName = Math.max(...models.map(({ slug }) => slug.length))
  const lines = [
    ...(columns < longestName + TABLE_WIDTH
      ? models.flatMap(model => [...block(model, paint, columns), ''])
      : [...rows(models, paint, columns), '']),
    ...(hasDefault ? paragraph("* the model's default effort", columns, 0) : []),
    ...paragraph(source, columns, 0),
    ...(problem === undefined ? [] : paragraph(plainText(problem), columns, 0)),
  ]
  return `${lines.join('\n')}\n`
}

/** Returns the same for programs: snake_case, times in ISO 8601, `null` for what is not known. */
export function modelsJson(facts: ModelsFacts): Readonly<Record<string, unknown>> {
  const { models, fetchedAt, problem } = facts
  return {
    source: fetchedAt === undefined ? 'built_in' : 'account',
    fetched_at: fetchedAt === undefined ? null : new Date(fetchedAt).toISOString(),
    problem: problem ?? null,
    models: models.map(model => ({
      id: model.slug,
      display_name: model.displayName,
      description: model.description ?? null,
      efforts: inOrder(model.efforts),
      default_effort: model.defaultEffort ?? null,
      context_window: model.contextWindow ?? null,
      takes: inputs(model),
      fast_tier: model.priority,
    })),
  }
}

function rows(models: readonly ModelEntry[], paint: Paint, columns: number): readonly string[] {
  if (models.length === 0) return ['No models are offered.']
  const [head = '', ...body] = table(
    [
      ['MODEL', 'CONTEXT', 'TAKES', 'FAST', 'EFFORTS'],
      ...models.map(model => [
        paint.bold(plainText(model.slug)),
        contextSize(model.contextWindow),
        inputs(model).join(', '),
        model.priority ? 'yes' : 'no',
        efforts(model),
      ]),
    ],
    columns,
  )
  return [paint.dim(head), ...body]
}

function block(model: ModelEntry, paint: Paint, columns: number): readonly string[] {
  return [
    paint.bold(plainText(model.slug)),
    ...table(
      [
        ['context', contextSize(model.contextWindow)],
        ['takes', inputs(model).join(', ')],
        ['fast', model.priority ? 'yes' : 'no'],
        ['efforts', efforts(model)],
      ],
      columns,
    ),
  ]
}

function efforts(model: ModelEntry): string {
  return (
    inOrder(model.efforts)
      .map(effort => (effort === model.defaultEffort ? `${effort}*` : effort))
      .join(' ') || 'none to choose'
  )
}

function inOrder(efforts: readonly Effort[]): readonly Effort[] {
  return EFFORTS.filter(effort => efforts.includes(effort))
}

function inputs({ images }: ModelEntry): readonly string[] {
  return images ? ['text', 'images'] : ['text']
}

/** Writes a number of tokens: "272k", "1.05M". */
function contextSize(tokens: number | undefined): string {
  if (tokens === undefined) return '?'
  const thousands = Math.round(tokens / 1000)
  if (tokens < 1000) return String(tokens)
  return thousands < 1000 ? `${thousands}k` : `${Number((tokens / 1_000_000).toFixed(2))}M`
}
