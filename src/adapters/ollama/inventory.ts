/** What there is: the version, the models, and what is said of each. */

import * as v from 'valibot'
import type { ModelCatalog } from '../../domain/ports.ts'
import { AnyObject, check } from '../fields/check.ts'
import type { Handler, Route } from '../http/exchange.ts'
import { sendJson } from '../http/reply.ts'
import { AskedModel, askedName } from './asked-model.ts'
import { readBody, SMALL_BODY_BYTES } from './body.ts'
import { type CatalogFacts, encodeShow, encodeTags } from './catalog.ts'
import { findModel, modelNotFound, shownName } from './names.ts'

/** What these endpoints depend on. */
export interface InventoryParts {
  readonly catalog: Pick<ModelCatalog, 'list' | 'record'>
  /** The origin that answers, told with each model. */
  readonly remoteHost: string
  /** Takes the place of every model that is asked for. */
  readonly debugModel: string | undefined
  /** Lists each model with each of its efforts too. */
  readonly exposesEfforts: boolean
}

/** The Ollama whose API this is. Clients refuse to talk to older ones than they know. */
const VERSION = '0.33.0'

/** Returns the routes. */
export function inventoryRoutes(parts: InventoryParts): readonly Route[] {
  return [
    { method: 'GET', path: '/api/version', handle: constant({ version: VERSION }) },
    { method: 'GET', path: '/api/tags', handle: tags(parts) },
    { method: 'POST', path: '/api/show', handle: show(parts) },
    // Models that are served from elsewhere are in nobody's memory.
    { method: 'GET', path: '/api/ps', handle: constant({ models: [] }) },
    // Keeps Ollama's own client from offering models of its maker.
    { method: 'GET', path: '/api/status', handle: constant({ cloud: NO_CLOUD }) },
    {
      method: 'GET',
      path: '/api/experimental/model-recommendations',
      handle: constant({ recommendations: [] }),
    },
  ]
}

const NO_CLOUD = { disabled: true, source: 'config' }

function constant(body: object): Handler {
  return ({ response }) => sendJson(response, 200, body)
}

function tags(parts: InventoryParts): Handler {
  return ({ response }) =>
    sendJson(response, 200, encodeTags(parts.catalog.list(), factsOf(parts), parts))
}

/** Fields that would change how a model on this machine is described; none of them has an effect. */
const ShowBody = v.object({
  ...AskedModel.entries,
  system: v.nullish(v.string()),
  template: v.nullish(v.string()),
  verbose: v.nullish(v.boolean()),
  options: v.nullish(AnyObject),
})

function show(parts: InventoryParts): Handler {
  return async exchange => {
    const body = check(ShowBody, await readBody(exchange, SMALL_BODY_BYTES))
    const name = askedName(body)
    const model = findModel(name, parts.catalog.list(), parts.debugModel)
    if (!model) throw modelNotFound(shownName(name))
    sendJson(exchange.response, 200, encodeShow(model, factsOf(parts)))
  }
}

function factsOf({ catalog, remoteHost }: InventoryParts): CatalogFacts {
  return { remoteHost, fetchedAt: catalog.record()?.fetchedAt }
}
