import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A disk that is quickly full. */
export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string
  /** Takes all the room that is left. */
  fill(): void
  /** Gives it back. */
  empty(): void
}

/** Why nothing can be mounted here, for `skip`; `false` if it can. */
export const mountRefusal: string | false = tryMount()

function tryMount(): string | false {
  const path = mkdtempSync(join(tmpdir(), 'chatmock-mount-'))
  try {
    mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path)
    unmount(path)
    return false
  } catch (error) {
    return `nothing can be mounted here: ${error instanceof Error ? error.message : error}`
  } finally {
    rmdirSync(path)
  }
}

/** Mounts a disk in memory until the test ends. */
export function createSmallDisk(t: Test, kibibytes = 256): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'chatmock-disk-'))
  mount('-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=700`, 'tmpfs', path)
  t.teardown(() => {
    unmount(path)
    rmdirSync(path)
  })
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (;;) writeSync(file, Buffer.alloc(4096))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    empty: () => rmSync(filler, { force: true }),
  }
}

/** A file that is mounted on its own, as containers do. */
export interface MountedFile {
  /** The folder that it is mounted in, with nothing else. */
  readonly folder: string
  readonly path: string
}

/** Mounts `source` as the one file `auth.json` of a new folder until the test ends. */
export function mountFile(t: Test, source: string): MountedFile {
  // No folder of tap's, which is removed before the file can be unmounted.
  const parent = mkdtempSync(join(tmpdir(), 'chatmock-file-'))
  // Such names are written otherwise in the list of mounts.
  const folder = join(parent, 'a home')
  const path = join(folder, 'auth.json')
  mkdirSync(folder)
  writeFileSync(path, '')
  mount('--bind', source, path)
  t.teardown(() => {
    unmount(path)
    rmSync(parent, { recursive: true })
  })
  return { folder, path }
}

/** Forbids to write to it. */
export function makeReadOnly({ path }: MountedFile): void {
  mount('-o', 'remount,bind,ro', path)
}

function mount(...argv: readonly string[]): void {
  run('mount', argv)
}

function unmount(path: string): void {
  run('umount', [path])
}

function run(command: string, argv: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, argv, { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(stderr.trim())
}
