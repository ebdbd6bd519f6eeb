/** The web search of the backend, as a tool of either API or as an option of the chat API. */

import * as v from 'valibot'
import {
  SEARCH_CONTEXT_SIZES,
  type SearchLocation,
  type WebSearchTool,
} from '../../domain/conversation.ts'
import { check } from './check.ts'
import { MAX_DOMAINS } from './limits.ts'

const PlaceFields = {
  city: v.nullish(v.string()),
  country: v.nullish(v.string()),
  region: v.nullish(v.string()),
  timezone: v.nullish(v.string()),
}

const WebSearch = v.object({
  search_context_size: v.nullish(v.picklist(SEARCH_CONTEXT_SIZES)),
  user_location: v.nullish(
    v.object({
      type: v.nullish(v.literal('approximate')),
      approximate: v.nullish(v.object(PlaceFields)),
      ...PlaceFields,
    }),
  ),
  filters: v.nullish(
    v.object({
      allowed_domains: v.nullish(v.pipe(v.array(v.string()), v.maxLength(MAX_DOMAINS))),
    }),
  ),
})

/** A search of anything from anywhere. */
export const PLAIN_WEB_SEARCH: WebSearchTool = {
  type: 'web-search',
  contextSize: undefined,
  location: undefined,
  allowedDomains: [],
}

/** Tells whether a tool is a web search: the name may say `preview`, and of which day it is. */
export function isWebSearch(type: string): boolean {
  return /^web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?$/.test(type)
}

/**
 * Decodes a search; its place may be spelled in the chat API's nested form or in the flat one.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` with the path of the field.
 */
export function decodeWebSearch(value: unknown, path: string): WebSearchTool {
  const { search_context_size, user_location, filters } = check(WebSearch, value, path)
  return {
    type: 'web-search',
    contextSize: search_context_size ?? undefined,
    location: decodePlace(user_location?.approximate ?? user_location ?? {}),
    allowedDomains: filters?.allowed_domains ?? [],
  }
}

type Place = { readonly [Key in keyof SearchLocation]?: string | null | undefined }

function decodePlace({ city, country, region, timezone }: Place): SearchLocation | undefined {
  const isTold = city || country || region || timezone
  return isTold
    ? {
        city: city || undefined,
        country: country || undefined,
        region: region || undefined,
        timezone: timezone || undefined,
      }
    : undefined
}
