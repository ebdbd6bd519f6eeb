/** The OpenAI API as the server sees it. */

import { ProxyError } from '../../domain/errors.ts'
import type { ListOptions } from '../../domain/models.ts'
import type { ModelCatalog } from '../../domain/ports.ts'
import type { Exchange, Handler, Protocol, Reply, Route } from '../http/exchange.ts'
import { sendJson } from '../http/reply.ts'
import type { ReasoningSetting } from './chat/reasoning.ts'
import { type ChatParts, chatRoutes } from './chat/routes.ts'
import { completionRoutes } from './completions/routes.ts'
import { encodeError } from './errors.ts'
import { encodeCodexCatalog, encodeModelNamed, encodeModels } from './models.ts'
import { type ResponseParts, responseRoutes } from './responses/routes.ts'

/** What the protocol depends on. */
export interface OpenAiParts extends ChatParts, ResponseParts {
  readonly catalog: ModelCatalog
  /** Lists each model with each of its efforts too. */
  readonly exposesEfforts: boolean
}

/** Known parts of the API that this service does not have; 404, as a 5xx would be tried again. */
const UNSUPPORTED = [
  'assistants',
  'audio',
  'batches',
  'containers',
  'conversations',
  'embeddings',
  'evals',
  'files',
  'fine_tuning',
  'images',
  'moderations',
  'organization',
  'realtime',
  'threads',
  'uploads',
  'vector_stores',
  'videos',
]

/** The protocol in two forms, which have what is kept of responses in common. */
export interface OpenAi {
  readonly protocol: Protocol
  /**
   * As Ollama serves it, which is what clients of that program count on: listed names have tags, the
   * reasoning is in `reasoning` where nothing else was chosen, and what is not found is a
   * `not_found_error`.
   */
  readonly asOllamaServes: Protocol
}

/** Creates both forms. Each path is served with and without `/v1`: people type either base URL. */
export function createOpenAi(parts: OpenAiParts): OpenAi {
  const routes = atBothPaths([
    ...chatRoutes(parts),
    ...completionRoutes(parts),
    ...responseRoutes(parts),
    listRoute(parts, { isTagged: false }),
    {
      method: 'GET',
      path: '/models/:id',
      handle: ({ response, parameter = '' }) =>
        sendJson(response, 200, encodeModelNamed(parameter, parts.catalog.list())),
    },
    ...UNSUPPORTED.flatMap(name => [`/${name}`, `/${name}/*`]).flatMap((path): Route[] => [
      { method: 'GET', path, handle: unsupported },
      { method: 'POST', path, handle: unsupported },
      { method: 'DELETE', path, handle: unsupported },
    ]),
  ])
  const ollamas = atBothPaths([
    ...chatRoutes({ ...parts, reasoningMode: ollamasReasoning(parts) }),
    listRoute(parts, { isTagged: true }),
  ])
  return {
    protocol: { encodeError, routes },
    asOllamaServes: {
      encodeError: error => withNotFoundType(encodeError(error)),
      // The first of two with the same path is taken.
      routes: [...ollamas, ...routes],
    },
  }
}

function ollamasReasoning({ reasoningMode }: OpenAiParts): ReasoningSetting {
  return reasoningMode === 'reasoning-content' ? 'reasoning' : reasoningMode
}

function withNotFoundType(reply: ReturnType<typeof encodeError>): Reply {
  if (reply.status !== 404) return reply
  return { ...reply, body: { error: { ...reply.body.error, type: 'not_found_error' } } }
}

function atBothPaths(routes: readonly Route[]): readonly Route[] {
  return routes.flatMap(route => [route, { ...route, path: `/v1${route.path}` }])
}

function listRoute(parts: OpenAiParts, form: Pick<ListOptions, 'isTagged'>): Route {
  return { method: 'GET', path: '/models', handle: listModels(parts, form) }
}

/** The Codex CLI asks with its version, and reads a catalogue of its own form. */
function listModels(
  { catalog, exposesEfforts }: OpenAiParts,
  { isTagged }: Pick<ListOptions, 'isTagged'>,
): Handler {
  return ({ response, query }) => {
    const models = catalog.list()
    if (!query.has('client_version')) {
      return sendJson(response, 200, encodeModels(models, { exposesEfforts, isTagged }))
    }
    const record = catalog.record()
    const etag = record?.etag
    const headers = etag === undefined ? {} : { etag }
    return sendJson(response, 200, encodeCodexCatalog(models, record, { isTagged }), headers)
  }
}

function unsupported({ request }: Exchange): never {
  throw new ProxyError(
    'unsupported_endpoint',
    `${request.method} on this part of the OpenAI API is not supported by chatmock.`,
  )
}
