/** ChatGPT plans as people know them. */

import { plainText } from '../../domain/plain-text.ts'

/** Names that the words of the identifier do not make. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['prolite', 'Pro Lite'],
  ['promax', 'Pro Max'],
  ['hc', 'Enterprise'],
  ['ent26', 'Enterprise'],
  ['education', 'Edu'],
  ['k12', 'K-12'],
  ['finserv', 'Financial Services'],
  ['self_serve_business_prolite', 'Business Pro Lite'],
  ['self_serve_business_usage_based', 'Business (usage based)'],
  ['enterprise_cbp_usage_based', 'Enterprise (usage based)'],
  ['enterprise_cbp_automation', 'Enterprise (automation)'],
  ['enterprise_cbp_trial', 'Enterprise (trial)'],
])

/** Names a plan: `plus` is "Plus". One that is not known yet is written with capitals. */
export function planName(plan: string): string {
  const words = plainText(plan).toLowerCase()
  return (
    NAMES.get(words) ??
    words
      .split(/[\s_-]+/)
      .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join(' ')
      .trim()
  )
}
