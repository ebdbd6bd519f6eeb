/** What answering depends on, whatever the protocol, wherever a model is asked. */

import type { Clock, ModelCatalog } from '../../domain/ports.ts'
import type { StreamTimes } from '../http/stream.ts'

/** What the endpoints of every protocol are given; each adds whom it asks. */
export interface AnsweringParts {
  readonly catalog: Pick<ModelCatalog, 'list'>
  readonly clock: Clock
  readonly bodyLimitBytes: number
  readonly streamTimes: StreamTimes
  /** Refuses fields without effect. */
  readonly strict: boolean
  /** Lets the model search the web where a request does not decide that. */
  readonly webSearch: boolean
}
