import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'

/** Sources by their path from the root of the checkout, with `/` on every system. */
type Sources = Readonly<Record<string, string>>

const MAX_LINES = 300
const EMPTY_NAMES = ['utils', 'helpers', 'common', 'shared', 'misc', 'index']

/** Returns a sentence for everything in `sources` that breaks a rule of ARCHITECTURE.md. */
function complaints(sources: Sources, dependencies: readonly string[]): readonly string[] {
  const imports = Object.entries(sources).flatMap(([path, source]) =>
    importsOf(source).map(specifier => ({ path, specifier })),
  )
  const unused = dependencies.filter(
    name => !imports.some(({ specifier }) => packageOf(specifier) === name),
  )
  return [
    ...Object.entries(sources).flatMap(([path, source]) => fileComplaints(path, source)),
    ...imports.flatMap(({ path, specifier }) => {
      const complaint = importComplaint(path, specifier, dependencies)
      return complaint === undefined ? [] : [`${path} ${complaint}`]
    }),
    ...unused.map(name => `package.json has the dependency ${name}, which nothing imports`),
  ]
}

function fileComplaints(path: string, source: string): readonly string[] {
  const empty = path.split('/').find(part => EMPTY_NAMES.includes(posix.parse(part).name))
  const lines = source.trimEnd().split('\n').length
  return [
    ...(layerOf(path) === undefined ? [`${path} belongs to no layer`] : []),
    ...(empty === undefined ? [] : [`${path} has a name that says nothing: ${empty}`]),
    ...(lines > MAX_LINES ? [`${path} has ${lines} lines, more than ${MAX_LINES}`] : []),
  ]
}

function importComplaint(
  path: string,
  specifier: string,
  dependencies: readonly string[],
): string | undefined {
  if (specifier === UNREADABLE) return 'imports something that only shows at run time'
  const layer = layerOf(path)
  if (specifier.startsWith('node:')) {
    return layer === 'domain' ? `imports ${specifier}; the domain has no platform` : undefined
  }
  const name = packageOf(specifier)
  if (name !== undefined) {
    if (layer === 'domain' || layer === 'adapters/http') {
      return `imports the package ${name}; ${layer} has none`
    }
    return dependencies.includes(name)
      ? undefined
      : `imports ${name}, which is no dependency of package.json`
  }
  const target = posix.join(posix.dirname(path), specifier)
  const targetLayer = layerOf(target)
  if (targetLayer === undefined) return `imports ${target}, which is outside of src`
  const isAllowed = layer === 'app' || targetLayer === layer || alsoAllowed(layer, targetLayer)
  return isAllowed ? undefined : `imports ${target}; ${layer} may not know ${targetLayer}`
}

/** What the driving adapters stand on. The server itself knows nothing of what bodies say. */
const KITS = ['adapters/http', 'adapters/fields']

function alsoAllowed(layer: string | undefined, target: string): boolean {
  if (layer === undefined || layer === 'domain') return false
  if (target === 'domain') return true
  return KITS.includes(target) && layer.startsWith('adapters/') && layer !== 'adapters/http'
}

/** `domain`, `app`, or an adapter by its folder. */
function layerOf(path: string): string | undefined {
  return /^src\/(domain|app|adapters\/[^/]+)\//.exec(path)?.[1]
}

/** Returns `undefined` for a relative path and for what comes with Node. */
function packageOf(specifier: string): string | undefined {
  if (/^(?:\.|node:)/.test(specifier)) return undefined
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
}

/** Stands for the argument of an `import()` that is no literal. */
const UNREADABLE = '?'

/** The formatter puts each import at the start of a line, which tells it from text about imports. */
const STATIC_IMPORT =
  /^(?:import|export)\s+(?:type\s+)?(?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})?\s*from\s*['"]([^'"]+)['"]/gm
const SIDE_EFFECT_IMPORT = /^import\s*['"]([^'"]+)['"]/gm
/** Dynamic ones, and types in the form `import('…').Name`. */
const INLINE_IMPORT = /\bimport\s*\(\s*(?:(['"])([^'"]+)\1\s*[,)])?/g

function importsOf(source: string): readonly string[] {
  return [
    ...[...source.matchAll(STATIC_IMPORT)].map(([, specifier]) => specifier ?? UNREADABLE),
    ...[...source.matchAll(SIDE_EFFECT_IMPORT)].map(([, specifier]) => specifier ?? UNREADABLE),
    ...[...source.matchAll(INLINE_IMPORT)].map(([, , specifier]) => specifier ?? UNREADABLE),
  ]
}

function readSources(): Sources {
  const root = new URL('../', import.meta.url)
  const names = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
  const paths = names.filter(name => name.endsWith('.ts')).map(name => `src/${name}`)
  return Object.fromEntries(
    paths.map(path => [path.replaceAll('\\', '/'), readFileSync(new URL(path, root), 'utf8')]),
  )
}

t.test('the sources hold to the dependency rule', async t => {
  const { dependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { dependencies: Record<string, string> }
  const sources = readSources()
  t.ok('src/app/main.ts' in sources, 'the sources are found')
  t.strictSame(complaints(sources, Object.keys(dependencies)), [])
})

t.test('lets every allowed arrow pass', async t => {
  const sources = {
    'src/domain/chat.ts': "import { a } from './a.ts'\nexport { b } from './b.ts'\n",
    'src/adapters/http/server.ts':
      "import { createServer } from 'node:http'\nimport type { E } from '../../domain/errors.ts'\n",
    'src/adapters/openai/routes.ts':
      "import * as v from 'valibot'\nimport { r } from '../http/router.ts'\nimport { d } from './decode.ts'\n",
    'src/adapters/ollama/chat/decode.ts':
      "import { check } from '../../fields/check.ts'\nimport { findModel } from '../names.ts'\n",
    'src/adapters/fields/check.ts':
      "import * as v from 'valibot'\nimport type { E } from '../../domain/errors.ts'\nimport type { Exchange } from '../http/exchange.ts'\n",
    'src/app/main.ts':
      "import '../adapters/openai/routes.ts'\nawait import('./serve.ts')\nimport x, { y } from '@scope/name/deep'\n",
  }
  t.strictSame(complaints(sources, ['valibot', '@scope/name']), [])
})

const forbidden: [title: string, path: string, source: string, complaint: string][] = [
  [
    'a domain that knows an adapter',
    'src/domain/chat.ts',
    "import {\n  a,\n  b,\n} from '../adapters/files/prompt.ts'\n",
    'src/domain/chat.ts imports src/adapters/files/prompt.ts; domain may not know adapters/files',
  ],
  [
    'a domain that knows the app by a type only',
    'src/domain/chat.ts',
    "import type { Command } from '../app/args.ts'\n",
    'src/domain/chat.ts imports src/app/args.ts; domain may not know app',
  ],
  [
    'a domain that uses Node',
    'src/domain/chat.ts',
    "import { once } from 'node:events'\n",
    'src/domain/chat.ts imports node:events; the domain has no platform',
  ],
  [
    'a domain that uses a package',
    'src/domain/chat.ts',
    "import * as v from 'valibot'\n",
    'src/domain/chat.ts imports the package valibot; domain has none',
  ],
  [
    'a domain that uses Node under its short name',
    'src/domain/chat.ts',
    "import fs from 'fs'\n",
    'src/domain/chat.ts imports the package fs; domain has none',
  ],
  [
    'an adapter that knows another',
    'src/adapters/openai/routes.ts',
    "export * from '../ollama/routes.ts'\n",
    'src/adapters/openai/routes.ts imports src/adapters/ollama/routes.ts; adapters/openai may not know adapters/ollama',
  ],
  [
    'an adapter that knows another by a type inside of a type',
    'src/adapters/openai/routes.ts',
    "  type A = import('../ollama/routes.ts').A\n",
    'src/adapters/openai/routes.ts imports src/adapters/ollama/routes.ts; adapters/openai may not know adapters/ollama',
  ],
  [
    'an adapter that knows the app',
    'src/adapters/terminal/log.ts',
    "  const { main } = await import('../../app/main.ts')\n",
    'src/adapters/terminal/log.ts imports src/app/main.ts; adapters/terminal may not know app',
  ],
  [
    'a server that knows a protocol',
    'src/adapters/http/server.ts',
    "import '../openai/routes.ts'\n",
    'src/adapters/http/server.ts imports src/adapters/openai/routes.ts; adapters/http may not know adapters/openai',
  ],
  [
    'a server that knows what bodies say',
    'src/adapters/http/body.ts',
    "import { check } from '../fields/check.ts'\n",
    'src/adapters/http/body.ts imports src/adapters/fields/check.ts; adapters/http may not know adapters/fields',
  ],
  [
    'a kit that knows a protocol',
    'src/adapters/fields/tools.ts',
    "import { findModel } from '../ollama/names.ts'\n",
    'src/adapters/fields/tools.ts imports src/adapters/ollama/names.ts; adapters/fields may not know adapters/ollama',
  ],
  [
    'a domain that knows a kit',
    'src/domain/chat.ts',
    "import { check } from '../adapters/fields/check.ts'\n",
    'src/domain/chat.ts imports src/adapters/fields/check.ts; domain may not know adapters/fields',
  ],
  [
    'a server that uses a package',
    'src/adapters/http/server.ts',
    "import { fetch } from 'undici'\n",
    'src/adapters/http/server.ts imports the package undici; adapters/http has none',
  ],
  [
    'a package that is no dependency',
    'src/app/main.ts',
    "import { z } from '@scope/zod/mini'\n",
    'src/app/main.ts imports @scope/zod, which is no dependency of package.json',
  ],
  [
    'a source that imports a test',
    'src/app/main.ts',
    "export type { FakeLog } from '../../test/fakes/log.ts'\n",
    'src/app/main.ts imports test/fakes/log.ts, which is outside of src',
  ],
  [
    'a source that imports a benchmark',
    'src/app/main.ts',
    "import { run } from '../../bench/run.ts'\n",
    'src/app/main.ts imports bench/run.ts, which is outside of src',
  ],
  [
    'an import that cannot be read',
    'src/app/main.ts',
    'await import(path)\n',
    'src/app/main.ts imports something that only shows at run time',
  ],
  ['a file without a layer', 'src/main.ts', '', 'src/main.ts belongs to no layer'],
  [
    'a name that says nothing',
    'src/domain/utils.ts',
    '',
    'src/domain/utils.ts has a name that says nothing: utils.ts',
  ],
  [
    'a folder whose name says nothing',
    'src/adapters/shared/json.ts',
    '',
    'src/adapters/shared/json.ts has a name that says nothing: shared',
  ],
  [
    'a long file',
    'src/app/main.ts',
    '// a line\n'.repeat(301),
    'src/app/main.ts has 301 lines, more than 300',
  ],
]

for (const [title, path, source, complaint] of forbidden) {
  t.test(`complains of ${title}`, async t => {
    const rest = { 'src/app/rest.ts': "import 'undici'\nimport 'valibot'\n" }
    t.strictSame(complaints({ [path]: source, ...rest }, ['undici', 'valibot']), [complaint])
  })
}

t.test('complains of a dependency that nothing imports', async t => {
  t.strictSame(complaints({ 'src/app/main.ts': '// 300 lines are fine\n'.repeat(300) }, ['jose']), [
    'package.json has the dependency jose, which nothing imports',
  ])
})
