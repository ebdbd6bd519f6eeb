/** `POST /api/pull`: what clients do to a model that they want to use and may not have yet. */

import * as v from 'valibot'
import type { ModelCatalog } from '../../domain/ports.ts'
import { check } from '../fields/check.ts'
import type { Exchange, Handler } from '../http/exchange.ts'
import { sendJson } from '../http/reply.ts'
import { AskedModel, askedName } from './asked-model.ts'
import { readBody, SMALL_BODY_BYTES } from './body.ts'
import { findModel } from './names.ts'
import { NDJSON_HEADERS } from './ndjson.ts'

/** What the handler depends on. */
export interface PullParts {
  readonly catalog: Pick<ModelCatalog, 'list'>
  /** Takes the place of every model that is asked for. */
  readonly debugModel: string | undefined
}

const PullBody = v.object({ ...AskedModel.entries, stream: v.nullish(v.boolean()) })

const BEGUN = { status: 'pulling manifest' }
const DONE = { status: 'success' }
const MISSING = { error: 'pull model manifest: file does not exist' }

/**
 * Creates the handler. A model that is served counts as pulled; any other one is not to be had, which
 * a client that wants to see progress is told in the stream, as Ollama does.
 */
export function pullHandler({ catalog, debugModel }: PullParts): Handler {
  return async exchange => {
    const body = check(PullBody, await readBody(exchange, SMALL_BODY_BYTES))
    const isServed = findModel(askedName(body), catalog.list(), debugModel) !== undefined
    const end = isServed ? DONE : MISSING
    if (body.stream ?? true) sendLines(exchange, [BEGUN, end])
    else if (isServed) sendJson(exchange.response, 200, end)
    else sendJson(exchange.response, 500, end, { 'x-should-retry': 'false' })
  }
}

function sendLines({ response }: Exchange, lines: readonly object[]): void {
  response.writeHead(200, NDJSON_HEADERS)
  response.end(lines.map(line => `${JSON.stringify(line)}\n`).join(''))
}
