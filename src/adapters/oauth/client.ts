/** One question to the issuer: sent once, no redirect followed, the answer read with limits. */

import type { TimeObserver } from '../../domain/ports.ts'

/** The part of a `fetch` answer that is read. */
export interface IssuerResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array> | null
}

/** What is sent to the issuer. */
export interface IssuerRequest {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** The part of `fetch` that is used. */
export type IssuerFetch = (url: string, request: IssuerRequest) => Promise<IssuerResponse>

/** What talking to one issuer depends on. */
export interface IssuerOptions {
  /** URL without a slash at its end. */
  readonly issuer: string
  readonly userAgent: string
  readonly fetch: IssuerFetch
  readonly time: TimeObserver
}

/** What a question asks: an object is sent as JSON, `URLSearchParams` as a form. */
export type IssuerBody = URLSearchParams | Readonly<Record<string, string>>

/** What came back, whatever its status. */
export interface IssuerAnswer {
  readonly status: number
  readonly text: string
  /** The `Date` header. */
  readonly date: string | null
}

/** Why nothing came back, as a sentence without secrets. */
export interface NoAnswer {
  readonly status: undefined
  readonly problem: string
}

/** Asks one issuer. */
export interface IssuerClient {
  /**
   * Posts to a path. `timeoutMs` is for all of it, the body included. Rejects only with the
   * reason of `signal`.
   */
  post(
    path: string,
    body: IssuerBody,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<IssuerAnswer | NoAnswer>
}

/** The longest answer that is read: what the issuer says is a few kilobytes. */
const ANSWER_LIMIT_BYTES = 1024 * 1024

/** Creates the client of one issuer. */
export function createIssuerClient({
  issuer,
  userAgent,
  fetch,
  time,
}: IssuerOptions): IssuerClient {
  return {
    async post(path, body, timeoutMs, signal) {
      signal?.throwIfAborted()
      const limit = new AbortController()
      const leave = () => limit.abort()
      const timer = setTimeout(leave, timeoutMs)
      signal?.addEventListener('abort', leave, { once: true })
      const isForm = body instanceof URLSearchParams
      try {
        const response = await fetch(`${issuer}${path}`, {
          method: 'POST',
          headers: {
            'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
            accept: 'application/json',
            'user-agent': userAgent,
            originator: 'chatmock',
          },
          body: isForm ? body.toString() : JSON.stringify(body),
          redirect: 'manual',
          signal: limit.signal,
        })
        const date = response.headers.get('date')
        time.observe(date)
        const text = await readText(response)
        if (text === undefined) return noAnswer(`${issuer} answered with more than 1 MiB.`)
        return { status: response.status, text, date }
      } catch (error) {
        signal?.throwIfAborted()
        // The error goes no further: what a client throws may quote the request or the answer.
        const isLate = limit.signal.aborted
        return noAnswer(
          `${issuer} ${isLate ? `did not answer within ${timeoutMs / 1000} s` : describe(error)}.`,
        )
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', leave)
      }
    },
  }
}

function noAnswer(problem: string): NoAnswer {
  return { status: undefined, problem }
}

/** Returns `undefined`, having stopped reading, for an answer that is too long. */
async function readText({ body }: IssuerResponse): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_LIMIT_BYTES) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function describe(error: unknown): string {
  const code = systemCode(error) ?? (error instanceof Error ? systemCode(error.cause) : undefined)
  return code === undefined ? 'could not be reached' : `could not be reached (${code})`
}

function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined
}
