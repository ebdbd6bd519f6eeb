/** Names of models as Ollama has them: `[host/][namespace/]model[:tag]`. */

import type { Effort } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { resolveModel } from '../../domain/models.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { ModelEntry } from '../../domain/ports.ts'

const MODEL = /^\w[\w.-]{0,79}$/
const NAMESPACE = /^\w[\w-]{0,79}$/
const HOST = /^\w[\w.:-]{0,349}$/

/** Most parts that slashes divide. */
const MAX_PARTS = 3

/** What a name need not say: where models come from by default. */
const DEFAULT_HOST = 'registry.ollama.ai'
const DEFAULT_NAMESPACE = 'library'
const DEFAULT_TAG = 'latest'

/** Longest part of a name that is told back. */
const MAX_TOLD_LENGTH = 100

/** A model of the catalogue, and the effort that its name asks for. */
export interface NamedModel {
  readonly entry: ModelEntry
  readonly effort: Effort | undefined
}

/** Tells whether a text can be a name at all. */
export function isName(text: string): boolean {
  return parse(text) !== undefined
}

/**
 * Returns a name as Ollama shows it: without the default host and namespace, always with its tag.
 *
 * @throws ProxyError `invalid_value` for what is no name.
 */
export function shownName(text: string): string {
  const { path, tag } = parse(text) ?? refuse()
  return `${path}:${tag}`
}

/**
 * Finds the model that a name means; letter case does not matter, nor does the tag `latest`. Any
 * other tag is an effort. Of what `resolveModel` reads besides, all holds that can be a name. What
 * another host has is none of ours. A `debugModel` takes the place of whatever is named.
 *
 * @throws ProxyError `invalid_value` for what is no name.
 */
export function findModel(
  text: string,
  models: readonly ModelEntry[],
  debugModel?: string,
): NamedModel | undefined {
  const { path, tag, host } = parse(text) ?? refuse()
  if (debugModel === undefined && host !== DEFAULT_HOST) return undefined
  const name = tag.toLowerCase() === DEFAULT_TAG ? path : `${path}:${tag}`
  const { entry, effort } = resolveModel(debugModel ?? name, models)
  return entry && { entry, effort }
}

/** Returns a name that a client sent as it may be told back. */
export function toldName(text: string): string {
  return plainText(text, MAX_TOLD_LENGTH)
}

/** Returns the refusal of a name that no model has, as Ollama words it. */
export function modelNotFound(text: string): ProxyError {
  return new ProxyError('model_not_found', `model '${toldName(text)}' not found`, {
    param: 'model',
  })
}

interface ParsedName {
  /** In lower case. */
  readonly host: string
  /** Without a host and a namespace that are the default ones. */
  readonly path: string
  readonly tag: string
}

function parse(text: string): ParsedName | undefined {
  const name = text.trim()
  const colon = name.lastIndexOf(':')
  // A host may have a port.
  const hasTag = colon > name.lastIndexOf('/')
  const untagged = hasTag ? name.slice(0, colon) : name
  const tag = hasTag ? name.slice(colon + 1) : DEFAULT_TAG
  const parts = untagged.split('/', MAX_PARTS + 1)
  const [model = '', namespace = DEFAULT_NAMESPACE, givenHost = DEFAULT_HOST] = parts.toReversed()
  const isWellFormed =
    parts.length <= MAX_PARTS &&
    MODEL.test(model) &&
    MODEL.test(tag) &&
    NAMESPACE.test(namespace) &&
    HOST.test(givenHost)
  if (!isWellFormed) return undefined
  const host = givenHost.toLowerCase()
  if (host !== DEFAULT_HOST) return { host, path: untagged, tag }
  const isOrdinary = namespace.toLowerCase() === DEFAULT_NAMESPACE
  return { host, path: isOrdinary ? model : `${namespace}/${model}`, tag }
}

function refuse(): never {
  throw new ProxyError('invalid_value', 'invalid model name', { param: 'model' })
}
