/** Where things stand in an answer: events name an item by its position, by its id, or by both. */

/** Names the items of one answer. */
export interface Places {
  /** Returns one name for an item however it is referred to: its position, or else its id. */
  of(position: string | undefined, id: string | undefined): string
}

/** Creates the record of one answer's items. */
export function createPlaces(): Places {
  const byId = new Map<string, string>()
  let lastId: string | undefined
  let lastPlace = ''
  return {
    of(position, id) {
      if (id === undefined) return position ?? ''
      if (id === lastId) return lastPlace
      lastId = id
      lastPlace = byId.get(id) ?? position ?? id
      byId.set(id, lastPlace)
      return lastPlace
    },
  }
}
