/** Models as Ollama describes them: not on this machine, as they truly are not. */

import { createHash } from 'node:crypto'
import { isoTime } from '../../domain/iso-time.ts'
import {
  canThink,
  type ListOptions,
  listedName,
  listedNames,
  UNDATED_MS,
} from '../../domain/models.ts'
import type { ModelEntry } from '../../domain/ports.ts'
import { findModel, isName, type NamedModel } from './names.ts'

/** What is the same for all models. */
export interface CatalogFacts {
  /** The origin that answers: `https://chatgpt.com`. */
  readonly remoteHost: string
  /** When the models were told, in Unix milliseconds; `undefined` if they are known by heart. */
  readonly fetchedAt: number | undefined
}

/** Family of a model whose name begins with no letter. */
const DEFAULT_FAMILY = 'gpt'

/** The column that the value of a parameter follows. */
const PARAMETER_WIDTH = 30

/**
 * Nothing is filled in here. The comment is for clients that look for the word "tools" to learn
 * whether a model takes them; a ".Suffix" would make others write text to go on with by themselves.
 */
const TEMPLATE = '{{- /* messages and tools are sent as they are */ -}}{{ .Prompt }}'

/** Encodes the list of models. One whose name could not be asked for is left out. */
export function encodeTags(
  entries: readonly ModelEntry[],
  facts: CatalogFacts,
  { exposesEfforts }: Pick<ListOptions, 'exposesEfforts'>,
) {
  const models = entries
    .filter(({ slug }) => isName(slug) && findModel(slug, entries) !== undefined)
    .flatMap(entry =>
      listedNames(entry, { exposesEfforts, isTagged: true }).map(name =>
        encodeTag(name, entry, facts),
      ),
    )
  return { models }
}

/** Encodes all that there is to say of one model, whatever spelling of its name was used. */
export function encodeShow({ entry, effort }: NamedModel, facts: CatalogFacts) {
  const { contextWindow } = entry
  const name = listedName(entry, effort, true)
  const family = familyOf(entry)
  const isKnown = contextWindow !== undefined
  return {
    modelfile: modelfile(name, contextWindow),
    ...(isKnown && { parameters: `${'num_ctx'.padEnd(PARAMETER_WIDTH)} ${contextWindow}` }),
    template: TEMPLATE,
    details: detailsOf(entry),
    model_info: {
      'general.architecture': family,
      'general.basename': name.replace(/:latest$/, ''),
      ...(isKnown && { [`${family}.context_length`]: contextWindow }),
    },
    capabilities: capabilitiesOf(entry),
    modified_at: modifiedAt(facts),
    remote_model: entry.slug,
    remote_host: facts.remoteHost,
  }
}

function encodeTag(name: string, entry: ModelEntry, facts: CatalogFacts) {
  const remote = { remote_model: entry.slug, remote_host: facts.remoteHost }
  const details = detailsOf(entry)
  const capabilities = capabilitiesOf(entry)
  const descriptor = JSON.stringify({ name, ...remote, details, capabilities })
  return {
    name,
    model: name,
    ...remote,
    modified_at: modifiedAt(facts),
    size: Buffer.byteLength(descriptor),
    digest: createHash('sha256').update(descriptor).digest('hex'),
    details,
    capabilities,
  }
}

function familyOf({ slug }: ModelEntry): string {
  const [letters = DEFAULT_FAMILY] = /^[a-z]+/.exec(slug.toLowerCase().replace(/^.*\//, '')) ?? []
  return letters
}

/** Strict readers want each of the strings; what is not known of a model is empty. */
function detailsOf(entry: ModelEntry) {
  const { contextWindow } = entry
  const family = familyOf(entry)
  return {
    parent_model: '',
    format: '',
    family,
    families: [family],
    parameter_size: '',
    quantization_level: '',
    ...(contextWindow !== undefined && { context_length: contextWindow }),
  }
}

function capabilitiesOf(entry: ModelEntry): readonly string[] {
  return [
    'completion',
    'tools',
    'insert',
    ...(entry.images ? ['vision'] : []),
    ...(canThink(entry) ? ['thinking'] : []),
  ]
}

function modifiedAt({ fetchedAt }: CatalogFacts): string {
  return isoTime(fetchedAt) ?? new Date(UNDATED_MS).toISOString()
}

function modelfile(name: string, contextWindow: number | undefined): string {
  const lines = [
    '# This model is served by chatmock. It is no file, so nothing can be built from this text.',
    `FROM ${name}`,
    `TEMPLATE """${TEMPLATE}"""`,
    ...(contextWindow === undefined ? [] : [`PARAMETER num_ctx ${contextWindow}`]),
  ]
  return `${lines.join('\n')}\n`
}
