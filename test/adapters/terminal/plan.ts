import t from 'tap'
import { planName } from '../../../src/adapters/terminal/plan.ts'

const names: [plan: string, name: string][] = [
  ['free', 'Free'],
  ['go', 'Go'],
  ['plus', 'Plus'],
  ['pro', 'Pro'],
  ['prolite', 'Pro Lite'],
  ['promax', 'Pro Max'],
  ['team', 'Team'],
  ['business', 'Business'],
  ['enterprise', 'Enterprise'],
  ['hc', 'Enterprise'],
  ['edu', 'Edu'],
  ['education', 'Edu'],
  ['edu_plus', 'Edu Plus'],
  ['k12', 'K-12'],
  ['free_workspace', 'Free Workspace'],
  ['self_serve_business_usage_based', 'Business (usage based)'],
  ['PLUS', 'Plus'],
  ['brand-new plan', 'Brand New Plan'],
  ['constructor', 'Constructor'],
  ['\u001b[31mplus\u0000', 'Plus'],
]
for (const [plan, name] of names) {
  t.test(`${JSON.stringify(plan)} is ${name}`, async t => {
    t.equal(planName(plan), name)
  })
}
