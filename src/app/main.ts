/** Runs a command and turns what went wrong into a sentence and an exit code. */

import { parseCommand } from './args.ts'
import { CommandError, EXIT } from './exit.ts'
import { VERSION } from './package.ts'

/** Runs the command line; resolves to the exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads the output may leave (`| head`), which is no reason to stop serving.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  try {
    await run(argv)
    return EXIT.done
  } catch (error) {
    const { message, exitCode } = error instanceof CommandError ? error : internalError(error)
    process.stderr.write(`chatmock: ${message.trimEnd()}\n`)
    return exitCode
  }
}

async function run(argv: readonly string[]): Promise<void> {
  const command = parseCommand(argv, process.env)
  switch (command.type) {
    case 'help':
      process.stdout.write(command.text)
      break
    case 'version':
      process.stdout.write(`${VERSION}\n`)
      break
    case 'serve': {
      // Loaded when needed: the whole service would make --help wait.
      const { serve } = await import('./serve.ts')
      await serve(command.settings, command.network)
      break
    }
    case 'login': {
      const { login } = await import('./login.ts')
      await login(command)
      break
    }
    case 'logout': {
      const { logout } = await import('./logout.ts')
      await logout(command)
      break
    }
    case 'info': {
      const { info } = await import('./info.ts')
      await info(command)
      break
    }
    case 'models': {
      const { models } = await import('./models.ts')
      await models(command)
      break
    }
    default:
      command satisfies never
  }
}

function internalError(error: unknown): CommandError {
  const details = error instanceof Error ? error.stack : String(error)
  return new CommandError(`internal error\n${details}`, EXIT.internal, { cause: error })
}
