/** How commands end: the exit codes, and the errors that carry one. */

/** The exit codes of all commands. */
export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  portInUse: 13,
  internal: 70,
  /** The home folder cannot be made or written. */
  home: 73,
  refused: 78,
  /** Told to stop twice, so ended at once. */
  interrupted: 130,
  terminated: 143,
} as const

/** Ends a command: the message tells the person what to do, the exit code tells programs. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
  readonly exitCode: number

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** A command line, or a value in the environment, that cannot be understood. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError'

  constructor(message: string, options?: ErrorOptions) {
    super(message, EXIT.usage, options)
  }
}

/** Settings that are valid one by one, but that the service refuses to start with. */
export class RefusedConfiguration extends CommandError {
  override readonly name = 'RefusedConfiguration'

  constructor(message: string, options?: ErrorOptions) {
    super(message, EXIT.refused, options)
  }
}
