/** Listening where `localhost` may lead to: both loopback addresses, on one port. */

import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { findPortHolder } from './port-holder.ts'

/** Every one of the ports is taken. */
export class PortsInUseError extends Error {
  override readonly name = 'PortsInUseError'
  readonly ports: readonly number[]

  constructor(ports: readonly number[], holders: readonly (string | undefined)[]) {
    const taken = ports.map((port, i) => `${port} by ${holders[i] ?? 'another program'}`)
    super(
      `The browser can only call back on port ${ports.join(' or ')}, and that is in use: ${taken.join(', ')}. Stop that program, or sign in with a code instead. Run: chatmock login --headless`,
    )
    this.ports = ports
  }
}

/** What listens, on one port. */
export interface Loopback<Each extends Server> {
  readonly port: number
  /** One for each address that this machine has. */
  readonly servers: readonly Each[]
}

const ADDRESSES = ['127.0.0.1', '::1']

/** The machine has no such address: nobody else can have it either. */
const ABSENT: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Somebody has it; Windows says `EACCES` for the ranges that it keeps for itself. */
const TAKEN: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EACCES'])

/**
 * Listens on the first port that is free on every address. Were one of them left to another
 * program, that one could get what is meant for us. Port 0 takes any free one.
 *
 * @throws PortsInUseError; else the system's error.
 */
export async function listenOnLoopback<Each extends Server>(
  ports: readonly number[],
  createServer: () => Each,
  addresses: readonly string[] = ADDRESSES,
): Promise<Loopback<Each>> {
  for (const port of ports) {
    const servers = await listenOnAll(port, createServer, addresses)
    const [first] = servers
    if (first !== undefined) return { port: portOf(first), servers }
  }
  throw new PortsInUseError(ports, await Promise.all(ports.map(port => findPortHolder(port))))
}

/** Returns no servers if the port is taken on an address. */
async function listenOnAll<Each extends Server>(
  port: number,
  createServer: () => Each,
  addresses: readonly string[],
): Promise<readonly Each[]> {
  const servers: Each[] = []
  for (const address of addresses) {
    const server = createServer()
    try {
      const [first] = servers
      server.listen(first === undefined ? port : portOf(first), address)
      await once(server, 'listening')
      servers.push(server)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (ABSENT.has(code)) continue
      for (const each of servers) each.close()
      await Promise.all(servers.map(each => once(each, 'close')))
      if (TAKEN.has(code)) return []
      throw error
    }
  }
  if (servers.length === 0) throw new Error('This machine has no loopback address.')
  return servers
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
