/** One file of recordings, open for reading: bounded reads at a place, never more than one fragment in memory. It may still be growing, or be damaged. */
import { open, type FileHandle } from 'node:fs/promises'
import { ProtocolError } from '../../base/errors.ts'
import {
  type FragmentedHead,
  type FragmentHead,
  MAX_FRAGMENT_HEAD_BYTES,
  MAX_HEAD_BYTES,
  parseFragmentedHead,
  parseFragmentHead,
} from '../../protocols/mp4/fragment-parser.ts'

/** Holds the head of nearly every file and fragment. */
const FIRST_READ_BYTES = 4 * 1024
const SCAN_BYTES = 256 * 1024
/** How every fragment begins: 32 bytes of `prft` (ISO/IEC 14496-12 §8.16.5), version 1. */
const FRAGMENT_START = Buffer.from([0, 0, 0, 32, 0x70, 0x72, 0x66, 0x74, 1])

/** A fragment and where in the file it begins. */
export type PlacedFragment = FragmentHead & { offset: number }

export class RecordedFile {
  readonly path: string
  readonly head: FragmentedHead
  private readonly handle: FileHandle
  private size: number

  private constructor(path: string, handle: FileHandle, size: number, head: FragmentedHead) {
    this.path = path
    this.handle = handle
    this.size = size
    this.head = head
  }

  /** Throws `ProtocolError` for a file that is none of ours or ends within its head, and what the file system throws. */
  static async open(path: string): Promise<RecordedFile> {
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat()
      const head = await growing(Math.min(MAX_HEAD_BYTES, size), async (bytes) => parseFragmentedHead(await readAt(handle, 0, bytes)))
      if (!head) throw new ProtocolError('ISO/IEC 14496-12 §8.2.1', 'ends within its head', size)
      return new RecordedFile(path, handle, size, head)
    } catch (problem) {
      await handle.close()
      throw problem
    }
  }

  /** How far the file reached when it was last looked at. */
  get knownBytes() {
    return this.size
  }

  /** The fragment that begins at `offset`; `undefined` when the file ends before it does. Throws `ProtocolError` where there is none of ours. */
  async fragmentAt(offset: number): Promise<PlacedFragment | undefined> {
    if (offset + FIRST_READ_BYTES > this.size) this.size = (await this.handle.stat()).size
    const head = await growing(Math.min(MAX_FRAGMENT_HEAD_BYTES + FIRST_READ_BYTES, this.size - offset), async (bytes) =>
      parseFragmentHead(await readAt(this.handle, offset, bytes)),
    )
    if (!head) return undefined
    if (offset + head.bytes > this.size) this.size = (await this.handle.stat()).size
    return offset + head.bytes > this.size ? undefined : { ...head, offset }
  }

  /** The first whole fragment that begins in `[from, to)`: how to find one's place without reading what lies before it, and how to get past damage. */
  async findFragment(from: number, to: number, signal: AbortSignal): Promise<PlacedFragment | undefined> {
    for (let start = from; start < to; start += SCAN_BYTES) {
      signal.throwIfAborted()
      const chunk = await readAt(this.handle, start, SCAN_BYTES + FRAGMENT_START.length - 1)
      for (let at = chunk.indexOf(FRAGMENT_START); at >= 0 && start + at < to; at = chunk.indexOf(FRAGMENT_START, at + 1)) {
        const found = await this.fragmentAt(start + at).catch(undefinedIfDamaged)
        if (found) return found
      }
      if (chunk.length < SCAN_BYTES) return undefined
    }
    return undefined
  }

  /** Answers less where the file ends. */
  read(offset: number, bytes: number): Promise<Buffer> {
    return readAt(this.handle, offset, bytes)
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

export function undefinedIfDamaged(problem: unknown): undefined {
  if (!(problem instanceof ProtocolError)) throw problem
}

/** Asks with more and more bytes until there is an answer, or all have been read. */
async function growing<T>(maxBytes: number, parse: (bytes: number) => Promise<T | undefined>): Promise<T | undefined> {
  for (let bytes = FIRST_READ_BYTES; ; bytes *= 4) {
    const parsed = maxBytes > 0 ? await parse(Math.min(bytes, maxBytes)) : undefined
    if (parsed !== undefined || bytes >= maxBytes) return parsed
  }
}

async function readAt(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
