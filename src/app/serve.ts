/** `chatmock serve`: from settings to a server that runs until it is told to stop. */

import { type AddressInfo, isIPv6 } from 'node:net'
import type { HttpServer } from '../adapters/http/server.ts'
import { createLog } from '../adapters/terminal/log.ts'
import { serveScreen } from '../adapters/terminal/serve-screen.ts'
import type { Log } from '../domain/ports.ts'
import type { NetworkSettings } from './args.ts'
import { refuseCombinations } from './combinations.ts'
import { compose, type Service } from './compose.ts'
import { CommandError, EXIT } from './exit.ts'
import { VERSION } from './package.ts'
import type { ServeSettings } from './settings.ts'

/**
 * Serves until SIGINT or SIGTERM, then finishes what is running. A second signal ends the
 * process at once.
 *
 * @throws RefusedConfiguration, and CommandError if the address cannot be listened on.
 */
export async function serve(settings: ServeSettings, network: NetworkSettings): Promise<void> {
  refuseCombinations(settings)
  const log = createLog(
    settings.logLevel,
    settings.logFormat,
    line => process.stderr.write(line),
    () => new Date(),
  )
  exitOnCrash(log)
  let reload = () => {}
  // Before a renewal can begin, for that must not be cut off; and before the screen, for who
  // reads it may act on it at once.
  const stopped = stopSignal(() => {
    log.info('reading the login file anew', { signal: 'SIGHUP' })
    reload()
  })
  const service = await compose(settings, network, log)
  reload = service.reload
  const addresses = await listen(service, settings).catch(async error => {
    await service.close(0)
    throw error
  })
  service.start()
  process.stdout.write(
    serveScreen({
      version: VERSION,
      upstream: settings.upstream === 'demo' ? 'demo: no account, no network' : 'ChatGPT',
      ...addresses,
      models: service.catalog.list().map(({ slug }) => slug),
      hints: service.hints,
    }),
  )
  const signal = await stopped
  log.info('stopping', { signal, in_flight: service.inFlight() })
  await service.close(settings.shutdownGraceMs)
}

/** What no request is to blame for leaves the process in a state that nobody has thought of. */
function exitOnCrash(log: Log): void {
  process.on('uncaughtException', error => {
    log.error('crashed', { stack: error instanceof Error ? error.stack : String(error) })
    process.exit(EXIT.internal)
  })
}

/** Listens on all ports; resolves with the base addresses to call. */
async function listen(
  { server, ollamaServer }: Service,
  { host, port, ollamaPort }: ServeSettings,
): Promise<{ readonly address: string; readonly ollamaAddress: string }> {
  const own = await listenOn(server, host, port, OWN_PORT)
  if (ollamaServer === undefined || ollamaPort === 'off') {
    return { address: baseAddress(own), ollamaAddress: baseAddress(own) }
  }
  const ollama = await listenOn(ollamaServer, host, ollamaPort, OLLAMA_PORT)
  // Its clients look for localhost, and some of them at the first of its addresses only.
  const other = OTHER_LOOPBACK.get(ollama.address)
  if (other !== undefined) await ollamaServer.listenToo(ollama.port, other)
  return { address: baseAddress(own), ollamaAddress: baseAddress(ollama) }
}

/** What to say of a port that cannot be had. */
interface PortWords {
  readonly flag: string
  /** Who may have it already. */
  readonly holder: string
}

const OWN_PORT: PortWords = { flag: '--port', holder: 'another chatmock' }
const OLLAMA_PORT: PortWords = { flag: '--ollama-port', holder: 'Ollama itself' }

async function listenOn(
  server: HttpServer,
  host: string,
  port: number,
  { flag, holder }: PortWords,
): Promise<AddressInfo> {
  try {
    return await server.listen(port, host)
  } catch (error) {
    const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`
    const { code } = error as NodeJS.ErrnoException
    throw code === 'EADDRINUSE'
      ? new CommandError(
          `${place} is in use, perhaps by ${holder}. Stop that, or choose another port with ${flag}.`,
          EXIT.portInUse,
        )
      : new CommandError(
          `Cannot listen on ${place} (${code}). Choose another place with --host and ${flag}.`,
          EXIT.failure,
          { cause: error },
        )
  }
}

/** The two addresses of localhost, each by the other. */
const OTHER_LOOPBACK: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '::1'],
  ['::1', '127.0.0.1'],
])

function baseAddress({ address, port }: AddressInfo): string {
  return `http://${callable(address)}:${port}`
}

/** Every address is one to listen on, but none to call. */
function callable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return isIPv6(address) ? `[${address}]` : address
}

/**
 * Resolves with the first signal to stop. From then on another one ends the process. SIGHUP is for
 * reloading, but from a terminal it says that the terminal is gone.
 */
function stopSignal(reload: () => void): Promise<'SIGINT' | 'SIGTERM' | 'SIGHUP'> {
  // systemd may give a service a terminal to write to; it names each of its runs.
  const isOnTerminal = process.stderr.isTTY === true && !process.env['INVOCATION_ID']
  return new Promise(resolve => {
    const stop = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      process.once('SIGINT', () => process.exit(EXIT.interrupted))
      process.once('SIGTERM', () => process.exit(EXIT.terminated))
      resolve(signal)
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
    process.on('SIGHUP', () => (isOnTerminal ? stop('SIGHUP') : reload()))
  })
}
