/** What Ollama has and this service does not, refused in Ollama's words where it has any. */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'
import type { ModelCatalog } from '../../domain/ports.ts'
import { check } from '../fields/check.ts'
import type { Handler, Route } from '../http/exchange.ts'
import { sendFailure } from '../http/failure.ts'
import { AskedModel, askedName } from './asked-model.ts'
import { readBody, SMALL_BODY_BYTES } from './body.ts'
import { findModel, isName, modelNotFound, toldName } from './names.ts'

/** What the refusals depend on. */
export interface RefusalParts {
  readonly catalog: Pick<ModelCatalog, 'list'>
  readonly bodyLimitBytes: number
}

const NO_CLOUD = 'ollama cloud is disabled: web search is unavailable'

/** Returns the routes. */
export function refusalRoutes(parts: RefusalParts): readonly Route[] {
  return [
    { method: 'POST', path: '/api/push', handle: unsupported('push') },
    { method: 'POST', path: '/api/create', handle: unsupported('create') },
    { method: 'POST', path: '/api/copy', handle: unsupported('copy') },
    { method: 'DELETE', path: '/api/delete', handle: deleteModel(parts) },
    // Clients ask with HEAD whether a blob is there before they send it.
    { method: 'GET', path: '/api/blobs/:digest', handle: noBlob },
    { method: 'POST', path: '/api/blobs/:digest', handle: unsupported('upload of blobs') },
    { method: 'POST', path: '/api/embed', handle: embed(parts) },
    { method: 'POST', path: '/api/embeddings', handle: embed(parts) },
    { method: 'POST', path: '/api/me', handle: refusal(401, 'unauthorized') },
    { method: 'POST', path: '/api/signout', handle: refusal(401, SIGNED_OUT) },
    { method: 'DELETE', path: '/api/user/keys/:key', handle: refusal(401, SIGNED_OUT) },
    { method: 'POST', path: '/api/experimental/web_search', handle: refusal(403, NO_CLOUD) },
    { method: 'POST', path: '/api/experimental/web_fetch', handle: refusal(403, NO_CLOUD) },
  ]
}

const SIGNED_OUT = 'you are not currently signed in'

/** Refuses whatever is asked, without reading it: what is sent to such a path may be gigabytes. */
function unsupported(what: string): Handler {
  return () => refuseTo(what)
}

function refuseTo(what: string): never {
  throw new ProxyError('not_supported', `${what} is not supported: models are served remotely`)
}

function noBlob(): never {
  throw new ProxyError('unsupported_endpoint', 'blob not found')
}

/** The same in statuses that are about an account and a cloud of Ollama's: no failure here has them. */
function refusal(status: 401 | 403, error: string): Handler {
  const reply = { status, headers: { 'x-should-retry': 'false' }, body: { error } }
  return ({ request, response }) => sendFailure(request, response, reply)
}

function deleteModel({ catalog }: RefusalParts): Handler {
  return async exchange => {
    const name = askedName(check(AskedModel, await readBody(exchange, SMALL_BODY_BYTES)))
    if (!isName(name)) {
      const param = 'model'
      throw new ProxyError('invalid_value', `name "${toldName(name)}" is invalid`, { param })
    }
    if (!findModel(name, catalog.list())) throw modelNotFound(name)
    refuseTo('delete')
  }
}

const EmbedBody = v.object({ model: v.nullish(v.string()) })

function embed({ catalog, bodyLimitBytes }: RefusalParts): Handler {
  return async exchange => {
    const { model } = check(EmbedBody, await readBody(exchange, bodyLimitBytes))
    const name = model?.trim() ?? ''
    if (name === '') throw modelNotFound('')
    const told = `"${toldName(name)}"`
    const param = 'model'
    if (findModel(name, catalog.list())) {
      throw new ProxyError('unsupported_value', `${told} does not support embeddings`, { param })
    }
    throw new ProxyError('model_not_found', `model ${told} not found, try pulling it first`, {
      param,
    })
  }
}
