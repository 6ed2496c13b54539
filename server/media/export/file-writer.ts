/** A growing file of an export: hashed while it is written, flushed as it grows, never filling the disk. It has its name only once it is whole. */
import { createHash } from 'node:crypto'
import { open, rename, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { Room } from './room.ts'

/** Small pieces are gathered up to this. */
const WRITE_BYTES = 1024 * 1024
/** Hashed in one go: 0.4 ms in which nothing else happens. */
const HASH_BYTES = 128 * 1024
/** So much may wait in the page cache: a flush of gigabytes would hold the recorder up. */
const FLUSH_BYTES = 32 * 1024 * 1024

export type Written = { bytes: number; sha256: string }

export class FileWriter {
  bytes = 0
  private readonly path: string
  private readonly handle: FileHandle
  private readonly room: Room
  private readonly hash = createHash('sha256')
  private pending: Uint8Array[] = []
  private pendingBytes = 0
  private flushedBytes = 0
  /** What was handed to the disk last; it is written while the next is read and hashed. */
  private writing: Promise<void> = Promise.resolve()

  private constructor(path: string, handle: FileHandle, room: Room) {
    this.path = path
    this.handle = handle
    this.room = room
  }

  static async open(path: string, room: Room): Promise<FileWriter> {
    return new FileWriter(path, await open(partOf(path), 'w', 0o600), room)
  }

  /** `piece` must not change afterwards. */
  async write(piece: Uint8Array): Promise<void> {
    this.pending.push(piece)
    this.pendingBytes += piece.length
    if (this.pendingBytes >= WRITE_BYTES) await this.hand()
  }

  /** The file is on the disk, under its name. */
  async finish(): Promise<Written> {
    await this.hand()
    await this.writing
    await this.handle.datasync()
    await this.handle.close()
    await rename(partOf(this.path), this.path)
    return { bytes: this.bytes, sha256: this.hash.digest('hex') }
  }

  /** Leaves the half file to whoever empties the folder. */
  async giveUp(): Promise<void> {
    await this.writing.catch(() => undefined) // whoever wrote has been told
    await this.handle.close()
  }

  private async hand(): Promise<void> {
    const { pending } = this
    this.pending = []
    this.pendingBytes = 0
    for (const piece of pending) await this.add(piece)
    await this.writing
    this.writing = this.put(pending)
    this.writing.catch(() => undefined) // told by the next `write` or `finish`
  }

  private async add(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; at += HASH_BYTES) {
      this.hash.update(piece.subarray(at, at + HASH_BYTES))
      if (piece.length - at > HASH_BYTES) await setImmediate() // live pictures go first
    }
  }

  private async put(pieces: Uint8Array[]): Promise<void> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const { bytesWritten } = await this.handle.writev(pieces, this.bytes)
    // the rest of a short write
    if (bytesWritten < length) await writeAll(this.handle, Buffer.concat(pieces).subarray(bytesWritten), this.bytes + bytesWritten)
    this.bytes += length
    if (this.bytes - this.flushedBytes < FLUSH_BYTES) return
    this.flushedBytes = this.bytes
    await this.handle.datasync()
    await this.room.check(0)
  }
}

export const partOf = (path: string) => `${path}.part`

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten
}
