/** What is different on a port of Ollama's own, where programs look for Ollama itself. */

import type { ProxyError } from '../../domain/errors.ts'
import type { Handler, Protocol, Reply } from '../http/exchange.ts'
import { sendReply } from '../http/reply.ts'
import { encodeError as encodeApiError } from './errors.ts'

/** Creates the protocol; it has to be the router's first, to answer for unknown paths. */
export function createOllamaPort(): Protocol {
  return { encodeError, root: 'api', routes: [{ method: 'GET', path: '/', handle: greet }] }
}

/** Programs compare the whole text to see that it is Ollama they found. */
const greet: Handler = ({ response }) =>
  sendReply(response, { status: 200, headers: {}, text: 'Ollama is running' })

/** Ollama leaves this one to its web framework, which knows no JSON. */
function encodeError(error: ProxyError): Reply {
  const { status, headers, body } = encodeApiError(error)
  return error.code === 'unknown_url'
    ? { status, headers, text: '404 page not found' }
    : { status, headers, body }
}
