/** Makes up numbers. */

import type { Shape } from './shape.ts'
import type { SchemaWork } from './work.ts'

/** How many numbers to offer: the first may fail on what a shape does not know. */
const MAX_OFFERS = 8
const MAX_FRACTIONS = 3000
const FRACTIONS_PER_STEP = 10

/** Lists numbers within a shape's bounds, pleasant ones first. */
export function* sampleNumbers(
  shape: Shape,
  type: 'integer' | 'number',
  work: SchemaWork,
): Generator<number> {
  const steps = type === 'integer' ? [1, ...shape.multiples] : shape.multiples
  if (steps.length > 0) yield* sampleMultiples(shape, commonMultiple(steps), work)
  else yield* sampleFractions(shape, work)
}

/** A step as a fraction of whole numbers, so that its multiples are rounded only once. */
interface Step {
  readonly numerator: number
  readonly denominator: number
}

function* sampleMultiples(shape: Shape, step: Step, work: SchemaWork): Generator<number> {
  const at = (factor: number) => (factor * step.numerator) / step.denominator
  const factorOf = (bound: number) => (bound * step.denominator) / step.numerator
  let lowest = Math.ceil(factorOf(lowerBound(shape))) - 1
  let highest = Math.floor(factorOf(upperBound(shape))) + 1
  // Rounding may have put either one place too far in or out.
  for (let slack = 0; slack < 3 && !isInside(shape, at(lowest)); slack++) lowest++
  for (let slack = 0; slack < 3 && !isInside(shape, at(highest)); slack++) highest--
  const count = highest - lowest + 1
  if (!(count >= 1)) return
  const start = Math.min(Math.max(1, lowest), highest)
  const first = work.choose(count)
  for (let offer = 0; offer < Math.min(MAX_OFFERS, count); offer++) {
    const above = start + ((first + offer) % count)
    const value = at(above <= highest ? above : start - (above - highest))
    if (Number.isFinite(value)) yield value
  }
}

function* sampleFractions(shape: Shape, work: SchemaWork): Generator<number> {
  const isOne = lowerBound(shape) === upperBound(shape)
  const first = work.choose(isOne ? 1 : Number.POSITIVE_INFINITY)
  work.spend(Math.ceil(first / FRACTIONS_PER_STEP))
  const seen = new Set<number>()
  for (const value of listFractions(lowerBound(shape), upperBound(shape))) {
    if (seen.has(value) || !isInside(shape, value)) continue
    if (seen.size >= first + MAX_OFFERS) return
    seen.add(value)
    if (seen.size > first) yield value
  }
}

function* listFractions(low: number, high: number): Generator<number> {
  yield* [1, 0.5, 0, low, high, (low + high) / 2, low + 1, high - 1]
  for (let index = 0; index < MAX_FRACTIONS; index++) {
    if (Number.isFinite(low + high)) yield low + (high - low) * ((index + 1) / (index + 3))
    else if (Number.isFinite(low)) yield low + index + 1.5
    else yield (Number.isFinite(high) ? high : 0) - index - 1.5
  }
}

function lowerBound({ minimum, exclusiveMinimum }: Shape): number {
  return Math.max(minimum ?? Number.NEGATIVE_INFINITY, exclusiveMinimum ?? Number.NEGATIVE_INFINITY)
}

function upperBound({ maximum, exclusiveMaximum }: Shape): number {
  return Math.min(maximum ?? Number.POSITIVE_INFINITY, exclusiveMaximum ?? Number.POSITIVE_INFINITY)
}

function isInside(shape: Shape, value: number): boolean {
  return (
    Number.isFinite(value) &&
    value >= lowerBound(shape) &&
    value <= upperBound(shape) &&
    value !== shape.exclusiveMinimum &&
    value !== shape.exclusiveMaximum
  )
}

function commonMultiple(steps: readonly number[]): Step {
  const denominator = 10 ** Math.max(...steps.map(countDecimals))
  const numerators = steps.map(step => Math.round(step * denominator))
  return {
    numerator: numerators.reduce((one, other) => (one / commonDivisor(one, other)) * other),
    denominator,
  }
}

function commonDivisor(one: number, other: number): number {
  return other > 0 ? commonDivisor(other, one % other) : one
}

function countDecimals(value: number): number {
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  return Math.max(0, (mantissa.split('.')[1]?.length ?? 0) - Number(exponent))
}
