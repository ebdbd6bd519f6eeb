/** The Ollama API as the server sees it. */

import type { ModelCatalog } from '../../domain/ports.ts'
import type { Protocol } from '../http/exchange.ts'
import { type AnswerParts, chatHandler, generateHandler } from './answer.ts'
import { encodeError } from './errors.ts'
import { inventoryRoutes } from './inventory.ts'
import { pullHandler } from './pull.ts'
import { refusalRoutes } from './refusals.ts'

/** What the protocol depends on. */
export interface OllamaParts extends AnswerParts {
  readonly catalog: Pick<ModelCatalog, 'list' | 'record'>
  /** Lists each model with each of its efforts too. */
  readonly exposesEfforts: boolean
}

/** Creates the protocol: all that Ollama has under `/api`, answered, or refused as it would refuse. */
export function createOllama(parts: OllamaParts): Protocol {
  return {
    encodeError,
    root: 'api',
    routes: [
      { method: 'POST', path: '/api/chat', handle: chatHandler(parts) },
      { method: 'POST', path: '/api/generate', handle: generateHandler(parts) },
      { method: 'POST', path: '/api/pull', handle: pullHandler(parts) },
      ...inventoryRoutes(parts),
      ...refusalRoutes(parts),
    ],
  }
}
