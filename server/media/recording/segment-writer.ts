/** One file that grows by fragments. What is on the disk is whole up to `bytes`, whatever fails: the rest is cut off again. */
import { writev } from 'node:fs'
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Instant } from '../../contract/ids.ts'
import { type Disk, syncFolder } from './disk.ts'
import { closedName, openName } from './segment-name.ts'

export type SegmentWriterHandler = {
  /** The first fragment is on the disk: there is something to play. */
  onBegun(): void
  onFailed(problem: NodeJS.ErrnoException): void
}

export class SegmentWriter {
  readonly disk: Disk
  readonly startAt: Instant
  /** Where it lies now. */
  file: string
  /** How far the file reaches on the disk. */
  storedEndAt: Instant
  bytes = 0
  /** No more is written: a write failed, or it is closed. */
  isEnded = false
  private handle: FileHandle | undefined
  private readonly handler: SegmentWriterHandler

  constructor(disk: Disk, folder: string, startAt: Instant, handler: SegmentWriterHandler) {
    this.disk = disk
    this.startAt = startAt
    this.storedEndAt = startAt
    this.file = join(folder, openName(startAt))
    this.handler = handler
  }

  /** Adds a whole fragment, with the head of the file before the first. False when the disk cannot take it: nothing is written then. */
  append(parts: readonly Uint8Array[], bytes: number, endAt: Instant): boolean {
    if (this.isEnded) return false
    return this.disk.write(
      bytes,
      async () => {
        if (this.isEnded) return
        this.handle ??= await this.create()
        await writeAll(this.handle.fd, parts, this.bytes)
        const isFirst = this.bytes === 0
        this.bytes += bytes
        this.storedEndAt = endAt
        if (isFirst) this.handler.onBegun()
      },
      (problem) => {
        this.isEnded = true
        this.handler.onFailed(problem)
      },
    )
  }

  /** Flushes, names the file by its duration, and answers whether anything is stored. Never rejects: what fails is left to be adopted. */
  close(): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = async () => {
        const { handle } = this
        this.isEnded = true
        this.handle = undefined
        if (!handle) return resolve(false)
        try {
          await handle.truncate(this.bytes)
          await handle.datasync()
        } finally {
          await handle.close()
        }
        if (this.storedEndAt === this.startAt) {
          await unlink(this.file)
          return resolve(false)
        }
        const folder = dirname(this.file)
        const closed = join(folder, closedName(this.startAt, this.storedEndAt - this.startAt))
        await rename(this.file, closed)
        this.file = closed
        await syncFolder(folder)
        resolve(true)
      }
      const growing = this.file
      const end = () => finish().finally(() => this.disk.growing.delete(growing))
      if (!this.disk.write(0, end, () => resolve(false))) resolve(false)
    })
  }

  private async create(): Promise<FileHandle> {
    const folder = dirname(this.file)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    this.disk.growing.add(this.file)
    return open(this.file, 'wx', 0o600).catch((problem: unknown) => {
      this.disk.growing.delete(this.file)
      throw problem
    })
  }
}

/**
 * Pictures go to the kernel from where they lie. A hundred cameras write a hundred times a second: a callback costs half of what `FileHandle.writev`
 * does, which makes memory of its own each time.
 */
function writeAll(fd: number, parts: readonly Uint8Array[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    writev(fd, parts, position, (problem, count) => {
      if (problem) return reject(problem)
      const rest = behind(parts, count)
      if (rest.length === 0) resolve()
      else writeAll(fd, rest, position + count).then(resolve, reject)
    })
  })
}

/** What of `parts` lies behind their first `count` bytes. */
function behind(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let at = 0
  const rest: Uint8Array[] = []
  for (const part of parts) {
    if (at + part.length > count) rest.push(part.subarray(Math.max(0, count - at)))
    at += part.length
  }
  return rest
}
