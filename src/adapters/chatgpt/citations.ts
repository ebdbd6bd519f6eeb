/** The citations of one answer, each told once and counted in the whole text. */

import type { Citation } from '../../domain/events.ts'
import { asNumber, asString, type JsonObject, objectsOf } from '../../domain/json.ts'
import type { Texts } from './texts.ts'

/** What has been told of one answer's citations. Each method returns what can be told now. */
export interface Citations {
  /** An annotation of the part `index` of the message at `place`; what is no citation says nothing. */
  annotation(place: string, index: string, annotation: JsonObject): Citation[]
  /** The annotations of a part that is told whole. */
  part(place: string, index: string, part: JsonObject): Citation[]
}

/** Creates the record of one answer's citations. */
export function createCitations(texts: Pick<Texts, 'offsetOf'>): Citations {
  const told = new Set<string>()

  function annotation(place: string, index: string, annotation: JsonObject): Citation[] {
    const url = asString(annotation['url'])
    if (annotation['type'] !== 'url_citation' || url === undefined) return []
    const offset = texts.offsetOf(place, index)
    const start = asNumber(annotation['start_index']) ?? 0
    const end = asNumber(annotation['end_index']) ?? start
    const key = `${offset + start} ${offset + end} ${url}`
    if (told.has(key)) return []
    told.add(key)
    return [
      {
        type: 'citation',
        url,
        title: asString(annotation['title']) ?? '',
        startIndex: offset + start,
        endIndex: offset + end,
      },
    ]
  }

  return {
    annotation,
    part: (place, index, part) =>
      objectsOf(part['annotations']).flatMap(each => annotation(place, index, each)),
  }
}
