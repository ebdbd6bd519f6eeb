/** What every request to the backend has in common. */

import { ProxyError } from '../../domain/errors.ts'
import { parseJson } from '../../domain/json.ts'
import type { Credentials } from '../../domain/ports.ts'

/** The part of `fetch` that is used. It must have no time limits of its own. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'GET' | 'POST'
    readonly headers: Record<string, string>
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Response>

/** Most characters of a refusal that are read. */
const MAX_REFUSAL_LENGTH = 64 * 1024

/** Returns the headers that sign a request and say who asks. */
export function signedHeaders(
  { accessToken, accountId }: Credentials,
  userAgent: string,
): Record<string, string> {
  return {
    authorization: `Bearer ${accessToken}`,
    ...(accountId !== undefined && { 'chatgpt-account-id': accountId }),
    originator: 'chatmock',
    'user-agent': userAgent,
  }
}

/** Reads a body as text; of one with more than `maxLength` characters a little more than that. */
export async function readText(response: Response, maxLength: number): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > maxLength) break
  }
  return text
}

/**
 * Reads a body of at most `maxLength` characters as JSON.
 *
 * @throws ProxyError `upstream_response_too_large`; `upstream_invalid_response` for what is no JSON.
 */
export async function readJson(response: Response, maxLength: number): Promise<unknown> {
  const text = await readText(response, maxLength)
  if (text.length > maxLength) {
    throw new ProxyError(
      'upstream_response_too_large',
      `The upstream sent an answer larger than ${maxLength / (1024 * 1024)} MiB.`,
    )
  }
  const body = parseJson(text)
  if (body !== undefined) return body
  throw new ProxyError(
    'upstream_invalid_response',
    'The upstream answered with something else than JSON. Check CHATGPT_LOCAL_BASE_URL and the network (a sign-in page of the network does this).',
  )
}

/** Reads the body of a refusal, cut; '' if it breaks off. */
export async function readRefusal(response: Response): Promise<string> {
  try {
    return await readText(response, MAX_REFUSAL_LENGTH)
  } catch {
    // The status alone says enough; a body that breaks off adds nothing.
    return ''
  }
}

/** Judges what `fetch` threw. */
export function connectionFailure(error: unknown): ProxyError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code } = cause as { code?: unknown }
  // Only a system's error is told of: any other may quote the headers, and with them the token.
  if (typeof code !== 'string') {
    return new ProxyError(
      'upstream_connection_error',
      'The request to the upstream could not be sent.',
    )
  }
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO/.test(code)
  return new ProxyError(
    'upstream_connection_error',
    isCertificate
      ? `The certificate of the upstream was not accepted (${code}). If a proxy of yours inspects TLS, name its CA in NODE_EXTRA_CA_CERTS.`
      : `No connection to the upstream (${code}). Check the network, the proxy settings and CHATGPT_LOCAL_BASE_URL.`,
    { cause },
  )
}
