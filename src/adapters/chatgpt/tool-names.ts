/** Names of tools in a spelling that the backend takes, and back. */

import { createHash } from 'node:crypto'
import { type ChatRequest, clientTools } from '../../domain/conversation.ts'

/** Longest name that the backend takes. */
const MAX_LENGTH = 64
const SENDABLE = /^[a-zA-Z0-9_-]{1,64}$/
/** Hexadecimal digits that tell shortened names apart. */
const HASH_LENGTH = 8
/** What is left for the part that people and models read. */
const MAX_READABLE_LENGTH = MAX_LENGTH - HASH_LENGTH - 1
/** What MCP clients put before a tool: `mcp__server__tool`. */
const MCP_PREFIX = 'mcp__'

/** The names of one request, both ways. A name that it does not hold stays as it is. */
export interface ToolNames {
  /** Returns what to send for a name of the client's. */
  toSent(name: string): string
  /** Returns the client's name for one that the backend says. */
  toOriginal(sent: string): string
}

/**
 * Reads the names of a request, those of earlier calls included. The spelling of a name hangs on the
 * other names only where two would clash, so it stays the same over the turns of a conversation.
 */
export function createToolNames(request: ChatRequest): ToolNames {
  const names = new Set(clientTools(request.tools).map(tool => tool.name))
  for (const item of request.items) if (item.type === 'tool-call') names.add(item.name)
  const originals = new Map<string, string>()
  const changed: string[] = []
  for (const name of names) {
    if (SENDABLE.test(name)) originals.set(name, name)
    else changed.push(name)
  }
  const sent = new Map<string, string>()
  for (const name of changed) {
    const spelling = unusedSpelling(name, originals)
    originals.set(spelling, name)
    sent.set(name, spelling)
  }
  return {
    toSent: name => sent.get(name) ?? name,
    toOriginal: name => originals.get(name) ?? name,
  }
}

/** Spells a name in another way, with a hash of the whole of it; the next hash if that is taken. */
function unusedSpelling(name: string, taken: ReadonlyMap<string, string>): string {
  const readable = readablePart(name)
  // Names are told apart unit by unit: UTF-8 would make one of all lone surrogates.
  let digest = createHash('sha256').update(name, 'utf16le').digest('hex')
  for (;;) {
    const spelling = `${readable}_${digest.slice(0, HASH_LENGTH)}`
    if (!taken.has(spelling)) return spelling
    digest = createHash('sha256').update(digest).digest('hex')
  }
}

/** Returns the beginning of a name, or of the tool where an MCP client has put its server before it. */
function readablePart(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_-]/g, '_')
  if (clean.length <= MAX_READABLE_LENGTH) return clean
  const tool = clean.slice(clean.lastIndexOf('__') + 2)
  const isTelling = clean.startsWith(MCP_PREFIX) && tool !== ''
  return (isTelling ? MCP_PREFIX + tool : clean).slice(0, MAX_READABLE_LENGTH)
}
