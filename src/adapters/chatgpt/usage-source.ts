/** The account's usage as the backend tells it when it is asked. */

import { ProxyError } from '../../domain/errors.ts'
import { asObject } from '../../domain/json.ts'
import type { Clock } from '../../domain/ports.ts'
import type { UsageSource } from '../../domain/usage-ports.ts'
import type { Query } from './query.ts'
import { readUsageAnswer } from './usage-readings.ts'

/** What asking for the usage depends on. */
export interface UsageSourceOptions {
  readonly query: Query
  readonly clock: Clock
}

/** Creates the source: `GET /wham/usage`. Its answer counts for the account that it was asked for. */
export function createUsageSource({ query, clock }: UsageSourceOptions): UsageSource {
  return {
    async fetch(credentials, signal) {
      const body = asObject((await query('/wham/usage', credentials, signal)).body)
      if (body === undefined) {
        throw new ProxyError(
          'upstream_invalid_response',
          'The upstream told the usage in a form that cannot be read.',
        )
      }
      return readUsageAnswer(body, credentials.accountId, clock.now())
    },
  }
}
