/**
 * One folder for recordings, usually a disk of its own: its identity, how full it is, and the only queue through which anything is written to it.
 *
 * A folder is known by the id in its `mapwall-disk.json`. A known folder that has lost its id is an empty mount point: nothing is written to it.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { DiskState, DiskStatus } from '../plane.ts'
import { Flusher } from './flusher.ts'

/** What is handed to the disk and not yet taken; a disk that is slower than its cameras loses fragments, not memory. */
const MAX_QUEUE_BYTES = 64 * 1024 * 1024
const FLUSH_EVERY_MS = 5_000
const LOOK_EVERY_MS = 5_000
/** After a failed write the disk is left alone for so long. */
const REST_MS = 5_000
/** A queue this long, or a write that takes this long, and new segments go to another disk if there is one. */
const SLOW_QUEUE_BYTES = MAX_QUEUE_BYTES / 2
const SLOW_WRITE_MS = 5_000
/** A disk that cannot say how full it is within this time does not answer (a network disk whose server is gone). */
const HANGS_MS = 30_000
const OPEN_WITHIN_MS = 10_000
/** Writing stops here, so that the file system, and what else lives on it, does not run full to the last byte. */
const MIN_FREE_RATE = 0.005

export const IDENTITY_FILE = 'mapwall-disk.json'
const DiskIdentity = z.object({ diskId: z.string().regex(/^[0-9a-f-]{36}$/) })

export class Disk {
  readonly folder: string
  diskId: string | undefined
  state: DiskState = 'missing'
  totalBytes = 0
  freeBytes = 0
  /** Files somebody writes to now. */
  readonly growing = new Set<string>()
  private detail: string | null = null
  private readonly clock: Clock
  private readonly log: Log
  private readonly expectedId: string | undefined
  private tail: Promise<void> = Promise.resolve()
  private queuedBytes = 0
  private restUntilMs = 0
  private writingSinceMs: number | undefined
  private lookingSinceMs: number | undefined
  private isDirty = false
  private isOpen = false
  private readonly flusher = new Flusher()
  private readonly timers: { cancel(): void }[] = []

  private readonly onWritten: (waitedMs: number) => void
  private readonly onBack: () => void

  /** `onWritten` is told how long a write took, its wait in the queue included; `onBack` that a disk that was away, or came late, is there. */
  constructor(options: {
    folder: string
    expectedId: string | undefined
    clock: Clock
    log: Log
    onWritten?: (waitedMs: number) => void
    onBack?: () => void
  }) {
    this.folder = options.folder
    this.expectedId = options.expectedId
    this.clock = options.clock
    this.log = options.log
    this.onWritten = options.onWritten ?? (() => undefined)
    this.onBack = options.onBack ?? (() => undefined)
  }

  /** One that does not answer is left alone; when it does, it has come late. */
  async open(): Promise<void> {
    this.timers.push(
      this.clock.every(LOOK_EVERY_MS, () => void this.look()),
      this.clock.every(FLUSH_EVERY_MS, () => this.flush()),
    )
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(OPEN_WITHIN_MS, resolve)
      void this.look().then(() => {
        timer.cancel()
        resolve()
      })
    })
    this.isOpen = true
  }

  get canWrite(): boolean {
    return this.state === 'ok' && this.clock.monotonicMs() >= this.restUntilMs
  }

  /** What lies on it can be read, and is what its id says. */
  get canRead(): boolean {
    return this.diskId !== undefined && (this.state === 'ok' || this.state === 'full')
  }

  /** It takes what it is given, but late. */
  get isSlow(): boolean {
    const writingMs = this.writingSinceMs === undefined ? 0 : this.clock.monotonicMs() - this.writingSinceMs
    return this.queuedBytes > SLOW_QUEUE_BYTES || writingMs > SLOW_WRITE_MS
  }

  status(): DiskStatus {
    const { diskId = null, folder, state, totalBytes, freeBytes, detail } = this
    return { diskId, folder, state, totalBytes, freeBytes, detail }
  }

  /**
   * Runs `job` after everything handed in before it. False, and nothing is run, when the queue is full. A job that fails puts the disk to rest
   * for some seconds; its error goes to `onFailed`.
   */
  write(bytes: number, job: () => Promise<void>, onFailed: (problem: NodeJS.ErrnoException) => void): boolean {
    if (this.queuedBytes + bytes > MAX_QUEUE_BYTES) return false
    this.queuedBytes += bytes
    this.isDirty = true
    const handedMs = this.clock.monotonicMs()
    this.tail = this.tail
      .then(() => {
        this.writingSinceMs = this.clock.monotonicMs()
        return job()
      })
      .then(() => {
        if (bytes > 0) this.onWritten(this.clock.monotonicMs() - handedMs)
      })
      .catch((problem: NodeJS.ErrnoException) => {
        this.restUntilMs = this.clock.monotonicMs() + REST_MS
        if (problem.code === 'ENOSPC') this.state = 'full'
        this.detail = problem.code ?? problem.message
        this.log.warn({ folder: this.folder, problem }, 'a recording could not be written')
        onFailed(problem)
      })
      .finally(() => {
        this.queuedBytes -= bytes
        this.writingSinceMs = undefined
      })
    return true
  }

  /** Resolves when all that was handed in has been written. */
  drain(): Promise<void> {
    return this.tail
  }

  async close(): Promise<void> {
    for (const timer of this.timers) timer.cancel()
    await this.tail
    this.flusher.close()
  }

  /** Who it is and how full; asked every few seconds, since disks come and go, and another may lie in the same place. */
  async look(): Promise<void> {
    const nowMs = this.clock.monotonicMs()
    if (this.lookingSinceMs !== undefined) {
      if (nowMs - this.lookingSinceMs >= HANGS_MS) this.leave('failed', 'hangs', undefined)
      return
    }
    this.lookingSinceMs = nowMs
    try {
      const diskId = await this.identify()
      const { blocks, bavail, bsize } = await statfs(this.folder)
      const isBack = this.isOpen && !this.canRead
      this.diskId = diskId
      this.totalBytes = blocks * bsize
      this.freeBytes = bavail * bsize
      this.state = this.freeBytes < this.totalBytes * MIN_FREE_RATE ? 'full' : 'ok'
      if (this.state === 'ok') this.detail = null
      if (isBack) this.onBack()
    } catch (problem) {
      const code = (problem as NodeJS.ErrnoException).code ?? (problem as Error).message
      this.leave(code === 'ENOENT' || code === 'identity' ? 'missing' : 'failed', code, problem)
    } finally {
      this.lookingSinceMs = undefined
    }
  }

  private leave(state: DiskState, code: string, problem: unknown) {
    if (this.state !== state || this.detail !== code) this.log.warn({ folder: this.folder, code, problem }, 'a folder for recordings cannot be used')
    this.state = state
    this.detail = code
  }

  /** Not even the identity can be read where a disk has been pulled out. */
  private async identify(): Promise<string> {
    const file = join(this.folder, IDENTITY_FILE)
    const expectedId = this.diskId ?? this.expectedId
    if (expectedId === undefined) await mkdir(this.folder, { recursive: true, mode: 0o700 })
    try {
      const diskId = await readDiskId(this.folder)
      if (expectedId !== undefined && diskId !== expectedId) throw new Error('identity')
      return diskId
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== 'ENOENT' || expectedId !== undefined) throw problem
      if ((await readdir(this.folder)).some((name) => name !== 'lost+found')) throw new Error('identity', { cause: problem })
      const diskId = randomUUID()
      await writeFile(file, `${JSON.stringify({ diskId })}\n`, { mode: 0o600, flush: true })
      return diskId
    }
  }

  private flush() {
    if (!this.isDirty || this.state !== 'ok') return
    this.isDirty = false
    this.flusher.flush(this.folder)
  }
}

/** Who the disk in this folder is. Rejects with `ENOENT` when there is none, and when its identity cannot be read. */
export async function readDiskId(folder: string): Promise<string> {
  return DiskIdentity.parse(JSON.parse(await readFile(join(folder, IDENTITY_FILE), 'utf8'))).diskId
}

/** Makes a rename or a new file in a folder last through a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
