/** The person's own browser. */

import { once } from 'node:events'
import open from 'open'

/** What tells that there is a screen to show a browser on. */
export type DisplayEnvironment = Readonly<Record<string, string | undefined>>

/**
 * Opens an address in the default browser, and tells whether one was started. Where there is no
 * screen none is tried: what would start might be a browser for terminals, over our own lines.
 */
export async function openBrowser(
  url: string,
  environment: DisplayEnvironment,
  platform: NodeJS.Platform,
): Promise<boolean> {
  if (!hasScreen(environment, platform)) return false
  try {
    const child = await open(url)
    if (child.pid === undefined) await once(child, 'spawn')
    child.on('error', () => {})
    return true
  } catch {
    return false
  }
}

function hasScreen(environment: DisplayEnvironment, platform: NodeJS.Platform): boolean {
  if (environment['SSH_CONNECTION'] && !environment['DISPLAY']) return false
  if (platform === 'win32' || platform === 'darwin') return true
  const { DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = environment
  return Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME)
}
