/** What `chatmock login` tells. */

import type { Account } from '../../domain/account.ts'
import { localTime } from '../../domain/local-time.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { Paint } from './paint.ts'
import { planName } from './plan.ts'
import { paragraph } from './wrap.ts'

/** A sign-in that waits for the browser. */
export interface BrowserFacts {
  /** Where the browser comes back to: `http://localhost:1455`. */
  readonly address: string
  /** The issuer's page. */
  readonly url: string
  readonly browser: 'opened' | 'not-opened' | 'not-asked'
  /** Whether there is somebody who could paste. */
  readonly canPaste: boolean
}

/** A sign-in that waits for a code to be entered somewhere else. */
export interface DeviceFacts {
  readonly url: string
  readonly code: string
  /** Unix time in milliseconds. */
  readonly expiresAt: number
}

/** A sign-in that worked. */
export interface SignedInFacts {
  readonly account: Account
  /** The account of the login before, where it was another one. */
  readonly previousAccountId: string | undefined
  /** Where the login is saved now. */
  readonly loginFile: string
  /** Where a login file that could not be understood was moved to. */
  readonly keptAside: string | undefined
}

const OPENING = {
  opened: 'Your browser opens. If it does not, open this address:',
  'not-opened': 'No browser could be started here. Open this address in one:',
  'not-asked': 'Open this address in a browser:',
}

/** Returns what is shown while the browser is awaited. The address stays in one piece, to copy. */
export function browserScreen(facts: BrowserFacts, paint: Paint, columns: number): string {
  const pasting =
    'Is the browser on another machine? Then its last page does not load. Copy the address of that page, paste it here and press Enter; it will not be shown.'
  return screen([
    paragraph(`Signing in to ChatGPT. Waiting at ${facts.address}`, columns, 0),
    paragraph(OPENING[facts.browser], columns, 0),
    [paint.blue(facts.url)],
    ...(facts.canPaste ? [paragraph(pasting, columns, 0)] : []),
    paragraph('Without any browser here: chatmock login --headless', columns, 0),
  ])
}

/** Returns what is shown while a device code is valid. */
export function deviceScreen(facts: DeviceFacts, paint: Paint, columns: number): string {
  return screen([
    paragraph('Signing in to ChatGPT with a code, on any device:', columns, 0),
    ['  1. Open this address:', `     ${paint.blue(facts.url)}`],
    ['  2. Enter this code:', `     ${paint.bold(plainText(facts.code))}`],
    paragraph(
      `The code is good until ${localTime(facts.expiresAt / 1000)}. Enter it only if you began this sign-in yourself: it lets this machine use your account.`,
      columns,
      0,
    ),
    paragraph(
      'A personal account must allow this first: in the settings of ChatGPT, under Security, turn on device code login. In a workspace its administrator does.',
      columns,
      0,
    ),
  ])
}

/** Returns what is shown when it has worked, with what to run next. */
export function signedInScreen(facts: SignedInFacts, paint: Paint, columns: number): string {
  const { email, plan, accountId } = facts.account
  const name = plainText(email ?? accountId ?? 'your account')
  const isOther = facts.previousAccountId !== undefined
  return screen([
    paragraph(
      paint.green(`Signed in as ${name}${plan === undefined ? '' : ` (${planName(plan)})`}.`),
      columns,
      0,
    ),
    [
      ...(isOther
        ? paragraph(
            `This is another account than before (that was ${plainText(facts.previousAccountId ?? '')}).`,
            columns,
            0,
          )
        : []),
      ...paragraph(`The login is saved in ${facts.loginFile}`, columns, 0),
      ...(facts.keptAside === undefined
        ? []
        : paragraph(
            `The file that was there could not be understood; it is kept as ${facts.keptAside}`,
            columns,
            0,
          )),
    ],
    paragraph('Next: chatmock serve', columns, 0),
  ])
}

function screen(paragraphs: readonly (readonly string[])[]): string {
  return `${paragraphs.map(lines => lines.join('\n')).join('\n\n')}\n`
}
