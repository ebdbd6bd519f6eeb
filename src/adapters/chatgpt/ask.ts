/** How a question is asked of the backend: again in other words, where its words are to blame. */

import { LRUCache } from 'lru-cache'
import type { ProxyError } from '../../domain/errors.ts'
import type { Log } from '../../domain/ports.ts'
import type { BackendCatalog } from './catalog.ts'
import type { Form } from './encode.ts'
import { type Call, type Endpoint, type Post, RESPONSES } from './endpoint.ts'
import { blamesForm, blamesNamespace, blamesReasoning, outsideLite } from './errors.ts'

/** What asking depends on. */
export interface AskOptions {
  readonly catalog: Pick<BackendCatalog, 'list'>
  readonly log: Log
}

/** Something to ask, before it is known in which words. */
export interface Question {
  readonly model: string
  readonly cacheKey: string | undefined
  encode(wording: Wording): EncodedQuestion
  /** Learns that the upstream cannot read the reasoning that went along last. */
  forgetReasoning(): void
}

/** The words of a question. */
export interface Wording {
  readonly form: Form
  /** Whether reasoning of earlier turns goes along. */
  readonly withReasoning: boolean
  /** Whether earlier calls say in which namespace their tool is. */
  readonly withNamespaces: boolean
}

/** The body of a request. */
export interface EncodedQuestion {
  /** JSON text. */
  readonly body: string
  /** Whether reasoning of earlier turns goes along. */
  readonly hasReasoning: boolean
  /** Whether some earlier call says in which namespace its tool is. */
  readonly hasNamespaces: boolean
}

/**
 * Asks until there is an answer or nothing left to try: once more without the earlier reasoning if
 * that is to blame, without the namespaces of earlier calls if those are, and in the other form if
 * the form is. The form that works is remembered.
 *
 * @throws ProxyError the refusal; what `Post` throws.
 */
export type Ask = (endpoint: Endpoint, question: Question, call: Call) => Promise<Response>

/** Most models, each with an account, whose form is remembered. */
const MAX_LEARNED = 256

/** Creates the function that asks. */
export function createAsk({ catalog, log }: AskOptions, post: Post): Ask {
  /** The form that a model took where the catalogue's was refused. */
  const learned = new LRUCache<string, Form>({ max: MAX_LEARNED })

  function listedForm(model: string): Form {
    return catalog.list().find(({ slug }) => slug === model)?.lite ? 'lite' : 'normal'
  }

  return async (endpoint, question, call) => {
    const { model, cacheKey } = question
    const hasForms = endpoint === RESPONSES
    const listed = hasForms ? listedForm(model) : 'normal'
    const key = JSON.stringify([call.credentials.accountId ?? null, model])
    let form = (hasForms ? learned.get(key) : undefined) ?? listed
    let withReasoning = true
    let withNamespaces = true
    let refusalOfForm: ProxyError | undefined
    for (;;) {
      const encoded = question.encode({ form, withReasoning, withNamespaces })
      const posting = { body: encoded.body, form, cacheKey }
      const { response, refusal } = await post(endpoint, posting, call)
      if (refusal === undefined) {
        if (refusalOfForm !== undefined) {
          if (form !== listed) learned.set(key, form)
          log.info('model takes another request form', { model, form })
        }
        return response
      }
      const mayBlameForm = hasForms && (response.status === 400 || response.status === 404)
      if (withReasoning && encoded.hasReasoning && blamesReasoning(refusal)) {
        question.forgetReasoning()
        withReasoning = false
      } else if (withNamespaces && encoded.hasNamespaces && blamesNamespace(refusal)) {
        withNamespaces = false
      } else if (mayBlameForm && refusalOfForm === undefined && blamesForm(refusal)) {
        // Another call may have learned the other form meanwhile.
        if (learned.peek(key) === form) learned.delete(key)
        refusalOfForm = refusal
        form = form === 'lite' ? 'normal' : 'lite'
      } else {
        // Of two refusals of a form the one to show answers the form that the catalogue asks for.
        const [shown, shownForm] =
          mayBlameForm && form !== listed && refusalOfForm
            ? [refusalOfForm, listed]
            : [refusal, form]
        throw shownForm === 'lite' ? outsideLite(shown) : shown
      }
    }
  }
}
